import type { LeaveOut, TableName } from "../shared/api.ts";

/** So many options are shown. */
const SHOWN = 20;

/** What to do next, as it is done from a terminal. */
export function remedyLines(remedy: string | undefined, leaveOut: LeaveOut | undefined): string[] {
  return [
    ...(remedy ? [remedy] : []),
    ...(leaveOut ? [`To leave them out: ${excludeOptions(leaveOut)}`] : []),
  ];
}

function excludeOptions({ tables, wholeSchemas }: LeaveOut): string {
  const words = [
    ...wholeSchemas.map(namePart),
    ...tables
      .filter(({ schema }) => !wholeSchemas.includes(schema))
      .map(({ schema, name }: TableName) => `${namePart(schema)}.${namePart(name)}`),
  ].map((word) => `--exclude ${shellWord(word)}`);
  const more = words.length - SHOWN;
  return [...words.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more`] : [])].join(" ");
}

/** As `parseTableName` reads it. */
const namePart = (part: string): string =>
  /^[^".*]+$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`;

/** As a shell leaves it. */
const shellWord = (word: string): string =>
  /^[\w.]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
