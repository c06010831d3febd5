import type { Drift } from "./api.ts";
import { tableLabel } from "./table-name.ts";

/** Differences with the same message, combined. */
export interface DriftGroup {
  blocks: boolean;
  message: string;
  remedy?: string | undefined;
  drift: Drift[];
}

/** Number of names listed. */
export const NAMED = 5;

/** Combines differences of the same kind, in the order of their first occurrence. */
export function summariseDrift(drift: readonly Drift[]): DriftGroup[] {
  return [...Map.groupBy(drift, sameness).values()].flatMap((alike) => {
    const [first] = alike;
    if (!first) return [];
    const { blocks, remedy } = first;
    const message = alike.length === 1 ? first.message : together(first, alike);
    return [{ blocks, message, remedy, drift: alike }];
  });
}

/** Lists the first names, and how many more there are. */
export const subjectOf = (drift: readonly Drift[]): string =>
  [
    ...drift.slice(0, NAMED).map(nameOf),
    ...(drift.length > NAMED ? [`${drift.length - NAMED} more`] : []),
  ].reduce((text, name, i, all) => `${text}${i === all.length - 1 ? " and " : ", "}${name}`);

const nameOf = ({ table, column }: Drift): string =>
  column === undefined ? tableLabel(table) : `${tableLabel(table)}.${column}`;

/** The beginnings of messages about a column, and about a missing table or sequence. */
const ofColumn = ({ table, column = "" }: Drift): string =>
  `The column ${column} of ${tableLabel(table)} `;
const OF_RELATION = /^The database has no (table|sequence) /;

/** The message without the names at its beginning. The whole message if they are elsewhere. */
function restOf(drift: Drift): string {
  const { message, column, table } = drift;
  const start =
    column === undefined
      ? `${OF_RELATION.exec(message)?.[0] ?? ""}${tableLabel(table)}`
      : ofColumn(drift);
  return message.startsWith(start) ? message.slice(start.length) : message;
}

const sameness = (drift: Drift): string =>
  JSON.stringify([
    drift.kind,
    drift.blocks,
    OF_RELATION.exec(drift.message)?.[1],
    restOf(drift),
    drift.remedy,
  ]);

function together(first: Drift, alike: readonly Drift[]): string {
  const rest = restOf(first);
  // The names are part of the message, so all messages are equal and name the same thing.
  if (rest === first.message) return first.message;
  if (first.column !== undefined)
    return `Each of ${alike.length} columns (${subjectOf(alike)}) ${rest}`;
  return `The database has no ${OF_RELATION.exec(first.message)?.[1]}s ${subjectOf(alike)}${rest}`;
}
