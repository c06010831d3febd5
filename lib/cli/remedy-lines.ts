import type { LeaveOut, TableName } from "../shared/api.ts";
import { formatCount } from "../shared/format.ts";

/** More options are too many to paste. */
const MOST = 20;

/** Returns what to do next, for a reader at a terminal. */
export function remedyLines(remedy: string | undefined, leaveOut: LeaveOut | undefined): string[] {
  return [...(remedy ? [remedy] : []), ...(leaveOut ? leaveOutLines(leaveOut) : [])];
}

function leaveOutLines({ tables, wholeSchemas, partSchemas = [] }: LeaveOut): string[] {
  const words = [
    ...wholeSchemas.map(namePart),
    ...tables
      .filter(({ schema }) => !wholeSchemas.includes(schema))
      .map(({ schema, name }: TableName) => `${namePart(schema)}.${namePart(name)}`),
  ].map(option);
  const some =
    words.length > MOST
      ? `These are ${formatCount(tables.length)}, too many to leave out one by one: choose the other tables instead, each as --table.`
      : `To leave them out: ${words.join(" ")}`;
  return [
    some,
    ...partSchemas.map(
      (schema) =>
        `To leave out all of schema ${schema}, also tables that it gets later: ${option(namePart(schema))}`,
    ),
  ];
}

const option = (word: string): string => `--exclude ${shellWord(word)}`;

/** Writes a part of a name so that `parseTableName` can read it. */
const namePart = (part: string): string =>
  /^[^".*]+$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`;

/** Quotes a word for a shell. */
const shellWord = (word: string): string =>
  /^[\w.]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
