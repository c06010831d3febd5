import type { Manifest } from "../archive/manifest.ts";
import type { Catalog, CatalogSequence, CatalogTable } from "../schema/catalog.ts";
import { largestNumber } from "../schema/number-column.ts";
import { MIGRATIONS_TABLE } from "../schema/prisma-models.ts";
import { type SequenceUser, usersOf } from "../schema/sequence-users.ts";
import type { Drift, TableName, Warning } from "../shared/api.ts";
import { nameOf, tableKey, tableLabel } from "../shared/table-name.ts";
import { type ArchivedSequence, matchStates } from "./archived-sequences.ts";
import { sequenceLeftOut } from "./dump-sequences.ts";
import type { PlannedLoad, PlannedSequence } from "./load-plan.ts";

interface SequencePlan {
  sequences: PlannedSequence[];
  drift: Drift[];
  sequenceWarnings: Warning[];
}

interface SequenceSource {
  manifest: Pick<Manifest, "tables" | "sequences"> & Partial<Pick<Manifest, "formatVersion">>;
  catalog: Catalog;
  /** By `tableKey`. */
  tables: ReadonlyMap<string, CatalogTable>;
  loads: ReadonlyMap<string, PlannedLoad>;
  isMerging: boolean;
  isExcluded: (it: TableName) => boolean;
  /** A table that is left to a hosting platform draws from no sequence of the app. */
  platformOf: (it: TableName) => string | undefined;
}

/** Plans where to set each sequence, so that it is never behind a column of the loaded tables. Reads no database. */
export function planSequences(source: SequenceSource): SequencePlan {
  const { manifest, catalog, loads, isMerging, isExcluded } = source;
  const isLoaded = ({ table }: SequenceUser) => loads.has(tableKey(table));
  const states = matchStates(manifest.sequences, catalog.sequences);
  const isWhole = !isMerging && isEverythingLoaded(source);
  const plan: SequencePlan = { sequences: [], drift: [], sequenceWarnings: [] };
  // The original software did not store sequence states. A warning about its backups says so already.
  const warn = (sequence: TableName, message: string) => {
    if (manifest.formatVersion !== null)
      plan.sequenceWarnings.push(sequenceLeftOut(sequence, message));
  };

  for (const sequence of catalog.sequences) {
    const users = usersOf(sequence);
    const isFree = !users.some(isLoaded);
    if (isFree && users.length > 0 && !sequence.mayBeDrawnByCode) continue;
    const state = states.get(sequence) ?? null;
    const label = tableLabel(sequence);
    if (isFree && isExcluded(sequence)) {
      if (sequence.isDrawnByCode)
        warn(
          sequence,
          `Functions, triggers, views or rules draw from the sequence ${label}, which was left out with its schema: it stays where it is, and may be behind the rows that are restored. Compare them after the restore, and set it: ${setStatement(sequence)}`,
        );
      continue;
    }
    if (isFree && !state) {
      if (isExpected(sequence))
        warn(sequence, `The backup has no state of the sequence ${label}: it stays where it is.`);
      continue;
    }
    const isSettled = users.every((user) => isComparable(source, user) || isRestored(source, user));
    const maySetBack = isWhole || (!isMerging && !isFree && !sequence.mayBeDrawnByCode);
    const isExact = maySetBack && isSettled;
    // A sequence that comes back with its table blocks like the table. For the others, the rows matter more.
    const isOptional = isFree ? !isExact : !state || sequence.extension !== null;
    if (isOptional && !maySet(sequence)) {
      const behind = isFree ? "" : ", which may be behind the rows that draw from it";
      warn(
        sequence,
        `The database role may not set the sequence ${label}: it stays where it is${behind}. To have it set, let its owner restore, or run: ALTER SEQUENCE ${sequence.quoted} OWNER TO the_role_of_this_app;`,
      );
      continue;
    }
    const archived = state && isInRange(sequence, state) ? state : null;
    if (state && !archived) {
      warn(
        sequence,
        `The sequence ${label} stood at ${state.lastValue} in the backup, which is outside of its present range (${sequence.minimum} to ${sequence.maximum}): it is not set to that.`,
      );
    }
    if (!archived && users.some((it) => hasColumn(source, it) && !isComparable(source, it))) {
      warn(
        sequence,
        `The values that come from the sequence ${label} are not all numbers that can be compared, and the backup has no state of it that can be set: it may be behind them. Compare them after the restore, and set it: ${setStatement(sequence)}`,
      );
    }
    const followsColumns = isMerging && !isFree && !sequence.mayBeDrawnByCode && isSettled;
    plan.sequences.push({
      sequence,
      archived,
      basis: !archived || followsColumns ? "live" : isExact ? "archived" : "further",
      columns: users.flatMap((user) => comparedColumn(source, user) ?? []),
      isFree,
      isDrawnByLoad: users.some((user) => isLoaded(user) && !hasColumn(source, user)),
    });
  }

  const matched = new Set(states.values());
  for (const state of manifest.sequences) {
    const isOfOther = state.ownerTable && !loads.has(tableKey(state.ownerTable));
    if (matched.has(state) || isOfOther || isExcluded(state)) continue;
    const table = nameOf(state);
    const message = `The database has no sequence ${tableLabel(table)}; its state is left out.`;
    plan.drift.push({ kind: "table-missing", table, blocks: false, message });
  }
  return plan;
}

/** Whether it should come back whatever its tables do: no column uses it, or code is known to draw from it. */
export const isExpected = (sequence: CatalogSequence): boolean =>
  sequence.isDrawnByCode || usersOf(sequence).length === 0;

const setStatement = ({ quoted }: CatalogSequence): string =>
  `SELECT setval('${quoted.replaceAll("'", "''")}', …);`;

/** Then nothing is left that may have drawn from a sequence since the backup. */
const isEverythingLoaded = ({ catalog, loads, platformOf }: SequenceSource): boolean =>
  catalog.tables.every(
    (table) =>
      table.name === MIGRATIONS_TABLE ||
      platformOf(table) !== undefined ||
      (loads.has(tableKey(table)) && !hasForeignRows(table)),
  );

const hasForeignRows = ({ partitions }: CatalogTable): boolean =>
  partitions.some(({ isForeign }) => isForeign);

/** True if the role may read all values of the column, and they are the sequence's numbers. */
const isComparable = (source: SequenceSource, user: SequenceUser): boolean => {
  const compared = comparedColumn(source, user);
  return compared !== null && !hasForeignRows(compared.table);
};

function comparedColumn(
  { tables }: SequenceSource,
  { table: name, column, isPlain }: SequenceUser,
) {
  const table = tables.get(tableKey(name));
  const found = table?.columns.find((it) => it.name === column);
  if (!isPlain || !table?.canSelect || table.hidesRows || !found || largestNumber(found) === null)
    return null;
  return { table, column };
}

/** True if all values of the column come from the backup. */
function isRestored(source: SequenceSource, user: SequenceUser): boolean {
  const load = source.loads.get(tableKey(user.table));
  return (
    !source.isMerging &&
    load !== undefined &&
    !hasForeignRows(load.table) &&
    hasColumn(source, user)
  );
}

const hasColumn = ({ loads }: SequenceSource, { table, column }: SequenceUser): boolean =>
  loads.get(tableKey(table))?.columns.some(({ name }) => name === column) ?? false;

const maySet = ({ isOwned, missingRights }: CatalogSequence): boolean =>
  isOwned && missingRights.length === 0;

const isInRange = (
  { minimum, maximum }: CatalogSequence,
  { lastValue }: ArchivedSequence,
): boolean => BigInt(lastValue) >= minimum && BigInt(lastValue) <= maximum;
