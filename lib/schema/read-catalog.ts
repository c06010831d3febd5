import type pg from "pg";
import type { TableName, Warning } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import type {
  Catalog,
  CatalogColumn,
  CatalogSequence,
  CatalogTable,
  ForeignKey,
  UnreadableName,
} from "./catalog.ts";
import {
  COLUMNS_SQL,
  DATABASE_SQL,
  FOREIGN_KEYS_SQL,
  SEQUENCES_SQL,
  TABLES_SQL,
} from "./catalog-queries.ts";
import { unreadableError, unreadableWarnings } from "./describe-unreadable.ts";
import { readEnums } from "./enums.ts";
import {
  extensionSequenceWarning,
  extensionTableWarning,
  readExtensionTables,
} from "./extension-tables.ts";
import { readInvalidIndexes } from "./invalid-indexes.ts";
import { readLeftOut } from "./left-out.ts";
import { readMaterializedViews } from "./materialized-views.ts";
import { pendingDetachWarning, readPendingDetaches } from "./pending-detach.ts";
import { readPlatformRelations } from "./platform-relations.ts";
import { type SequenceUser, usersOf, withUsers } from "./sequence-users.ts";
import { findUnreadableNames, isOfName, withoutRelations } from "./unreadable-names.ts";

/**
 * Reads the tables, columns, foreign keys and sequences of the live database.
 *
 * @param client a connection of `Database.connect`. Its search_path is empty, so that every type comes out
 *   schema-qualified. Inside a transaction, the result belongs to its snapshot.
 * @param known names that cannot be read
 * @param isChosen leaves out foreign keys that neither come from nor lead to a chosen table: in a damaged catalog, some
 *   cannot be read. Default: all
 * @throws BackupError SCHEMA_DRIFT for an unreadable name that is not among `known`, if it makes a transaction fail
 */
export async function readCatalog(
  client: pg.ClientBase,
  known: readonly UnreadableName[] = [],
  isChosen?: (table: TableName) => boolean,
): Promise<Catalog> {
  const database = (await client.query<Catalog["database"]>(DATABASE_SQL)).rows[0];
  if (!database) throw new Error("pg_database has no row for the current database");
  const readWithout = (names: readonly UnreadableName[], isSure?: boolean) =>
    readRelations(withoutRelations(client, names), database, {
      unreadable: names,
      isChosen,
      isSure,
    });
  try {
    return await whileAltered(() => readWithout(known));
  } catch (error) {
    if (known.length > 0 || !(isOfName(error) || error instanceof ReplacedBytes)) throw error;
    const find = () => findUnreadableNames(client, database.encoding);
    const unreadable = await find().catch(async () => {
      // The transaction has failed. Anything read after the rollback belongs to no snapshot, so only report the names.
      await client.query("ROLLBACK");
      const found = await find();
      throw found.length > 0 ? unreadableError(found, database.encoding) : error;
    });
    if (unreadable.length === 0 && !(error instanceof ReplacedBytes)) throw error;
    return await readWithout(unreadable, true);
  }
}

/** Some columns of a table were not read, or the table was altered between two statements. */
class ColumnsMissing extends Error {
  constructor(found: number, expected: number) {
    super(`${found} of ${expected} columns of a table were read`);
  }
}

const ATTEMPTS = 5;

/** Reads again if a table was altered meanwhile. This does not happen inside a snapshot. */
async function whileAltered(read: () => Promise<Catalog>): Promise<Catalog> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ColumnsMissing) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** A name came back changed: the bytes that are not valid UTF-8 were replaced. */
class ReplacedBytes extends Error {}
const REPLACED = "\ufffd";

interface Reading {
  unreadable: readonly UnreadableName[];
  isChosen: ((table: TableName) => boolean) | undefined;
  /** True if U+FFFD in a name is really part of the name. Default: whether unreadable names are known. */
  isSure: boolean | undefined;
}

async function readRelations(
  client: pg.ClientBase,
  database: Catalog["database"],
  { unreadable, isChosen, isSure = unreadable.length > 0 }: Reading,
): Promise<Catalog> {
  const tableRows = (
    await client.query<Omit<CatalogTable, "columns"> & { unlogged: boolean; columnCount: number }>(
      TABLES_SQL,
    )
  ).rows;
  const columnRows = (
    await client.query<CatalogColumn & { tableOid: number; enumOid: number | null }>(COLUMNS_SQL, [
      tableRows.map((table) => table.oid),
    ])
  ).rows;
  const chosen = isChosen && tableRows.filter(isChosen).flatMap((it) => [it, ...it.partitions]);
  const foreignKeys = (
    await client.query<ForeignKey>(FOREIGN_KEYS_SQL, [chosen?.map(({ oid }) => oid) ?? null])
  ).rows;
  const enums = await readEnums(
    client,
    columnRows.flatMap(({ enumOid }) => enumOid ?? []),
  );
  const columns = Map.groupBy(columnRows, (row) => row.tableOid);
  const toColumn = ({ tableOid: _, enumOid, ...column }: (typeof columnRows)[number]) => {
    const enumType = enumOid === null ? undefined : enums.get(enumOid);
    return { ...column, ...(enumType && { enumType }) };
  };
  const tables = tableRows.map(({ unlogged: _, columnCount, ...table }) => {
    const found = columns.get(table.oid) ?? [];
    // A backup with only some of the columns would look complete.
    if (found.length !== columnCount) throw new ColumnsMissing(found.length, columnCount);
    return { ...table, columns: found.map(toColumn) };
  });
  const sequenceRows = await withUsers(
    client,
    (await client.query<ReadSequence>(SEQUENCES_SQL)).rows,
    tables,
  );
  const isReplaced = [tableRows, columnRows, foreignKeys, sequenceRows].some((rows) =>
    JSON.stringify(rows).includes(REPLACED),
  );
  if (isReplaced && !isSure) throw new ReplacedBytes();
  const isBackedUp = isSequenceBackedUp(tables);
  const extensionTables = await readExtensionTables(client);
  const pendingDetaches = await readPendingDetaches(client);
  const isTable = new Set(tables.map(tableKey));
  return {
    database,
    tables,
    foreignKeys,
    sequences: sequenceRows.filter(isBackedUp).map(({ isConfig: _, ...row }) => ({
      ...row,
      start: BigInt(row.start),
      increment: BigInt(row.increment),
      minimum: BigInt(row.minimum),
      maximum: BigInt(row.maximum),
    })),
    materializedViews: await readMaterializedViews(client),
    extensionTables,
    platformRelations: await readPlatformRelations(client),
    pendingDetaches,
    warnings: [
      ...pendingDetaches.map((it) => pendingDetachWarning(it, isTable.has(tableKey(it.partition)))),
      ...tableRows.flatMap(({ unlogged, partitions, ...table }) =>
        [...(unlogged ? [table] : []), ...partitions.filter(({ isUnlogged }) => isUnlogged)].map(
          database.isStandby ? onPrimaryWarning : unloggedWarning,
        ),
      ),
      ...(await readLeftOut(client)),
      ...(await readInvalidIndexes(client)),
      ...extensionTables
        .filter(({ holdsRows }) => holdsRows)
        .map((it) => extensionTableWarning(it)),
      ...sequenceRows
        .filter((it) => !isBackedUp(it) && (isOfUsers(it) || usersOf(it).length === 0))
        .map(extensionSequenceWarning),
      ...unreadableWarnings(unreadable, database.encoding),
    ],
    unreadable,
  };
}

type Bound = "start" | "increment" | "minimum" | "maximum";
type FoundSequence = Omit<CatalogSequence, Bound> & Record<Bound, string> & { isConfig: boolean };
type ReadSequence = Omit<
  FoundSequence,
  "owner" | "usedBy" | "isDrawnByCode" | "mayBeDrawnByCode"
> & {
  owner: (Omit<SequenceUser, "isPlain"> & { isIdentity: boolean }) | null;
};

/**
 * Selects the sequences to back up: every sequence of the user. Of an extension's sequences, those from which a backed
 * up table draws. If the role can restore them, also those that pg_dump dumps or from which code draws.
 */
function isSequenceBackedUp(tables: readonly CatalogTable[]) {
  const known = new Set(tables.map(tableKey));
  return (it: FoundSequence) =>
    it.extension === null ||
    (isOfUsers(it) && it.isOwned && it.canSelect) ||
    usersOf(it).some(({ table }) => known.has(tableKey(table)));
}

/** The user may need it even if no table draws from it. */
const isOfUsers = ({ isConfig, isDrawnByCode }: FoundSequence) => isConfig || isDrawnByCode;

const unloggedWarning = ({ schema, name }: TableName): Warning => ({
  code: "UNLOGGED_TABLE",
  message: `${schema}.${name} is unlogged: it is in the backup, but PostgreSQL itself empties it after a crash.`,
  table: { schema, name },
});

const onPrimaryWarning = ({ schema, name }: TableName): Warning => ({
  code: "UNLOGGED_ON_STANDBY",
  message: `${schema}.${name} is unlogged, and this server is a standby: only the primary has its rows. They are not in a backup of this server, and its restore leaves them as they are.`,
  table: { schema, name },
});
