import type { Drift } from "./api.ts";
import { tableLabel } from "./table-name.ts";

/** Drift of which the same is true, said once. */
export interface DriftGroup {
  blocks: boolean;
  message: string;
  remedy?: string | undefined;
  drift: Drift[];
}

/** So many are named. */
export const NAMED = 5;

/** What differs, each kind of difference once, in the order of their first ones. */
export function summariseDrift(drift: readonly Drift[]): DriftGroup[] {
  return [...Map.groupBy(drift, sameness).values()].flatMap((alike) => {
    const [first] = alike;
    if (!first) return [];
    const { blocks, remedy } = first;
    const message = alike.length === 1 ? first.message : together(first, alike);
    return [{ blocks, message, remedy, drift: alike }];
  });
}

/** The first few names, and how many there are besides. */
export const subjectOf = (drift: readonly Drift[]): string =>
  [
    ...drift.slice(0, NAMED).map(nameOf),
    ...(drift.length > NAMED ? [`${drift.length - NAMED} more`] : []),
  ].reduce((text, name, i, all) => `${text}${i === all.length - 1 ? " and " : ", "}${name}`);

const nameOf = ({ table, column }: Drift): string =>
  column === undefined ? tableLabel(table) : `${tableLabel(table)}.${column}`;

/** How a sentence begins that is of one column, and one that is of one table or sequence. */
const ofColumn = ({ table, column = "" }: Drift): string =>
  `The column ${column} of ${tableLabel(table)} `;
const OF_RELATION = /^The database has no (table|sequence) /;

/** What a message says besides its names; the whole of it where they stand elsewhere. */
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
  // The same words of the same thing: there is nothing to put together.
  if (rest === first.message) return first.message;
  if (first.column !== undefined)
    return `Each of ${alike.length} columns (${subjectOf(alike)}) ${rest}`;
  return `The database has no ${OF_RELATION.exec(first.message)?.[1]}s ${subjectOf(alike)}${rest}`;
}
