import type pg from "pg";
import type { TableName, Warning } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import type {
  Catalog,
  CatalogColumn,
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
import { readLeftOut } from "./left-out.ts";
import { readMaterializedViews } from "./materialized-views.ts";
import { pendingDetachWarning, readPendingDetaches } from "./pending-detach.ts";
import { readPlatformRelations } from "./platform-relations.ts";
import { type FoundSequence, type ReadSequence, usersOf, withUsers } from "./sequence-users.ts";
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
  const readWithout = (unreadable: readonly UnreadableName[], isSure?: boolean) =>
    readRelations(withoutRelations(client, unreadable), database, { unreadable, isChosen, isSure });
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

type Read = <Row extends object>(sql: string, values?: unknown[]) => Promise<Row[]>;

async function readRelations(
  client: pg.ClientBase,
  database: Catalog["database"],
  { unreadable, isChosen, isSure = unreadable.length > 0 }: Reading,
): Promise<Catalog> {
  const read: Read = async <Row extends object>(sql: string, values?: unknown[]) => {
    const { rows } = await client.query<Row>(sql, values);
    if (!isSure && JSON.stringify(rows).includes(REPLACED)) throw new ReplacedBytes();
    return rows;
  };
  const { tables, unlogged } = await readTables(client, read);
  const chosen = isChosen && tables.filter(isChosen).flatMap((it) => [it, ...it.partitions]);
  const chosenOids = chosen?.map(({ oid }) => oid) ?? null;
  const foreignKeys = await read<ForeignKey>(FOREIGN_KEYS_SQL, [chosenOids]);
  const allSequences = await withUsers(client, await read<ReadSequence>(SEQUENCES_SQL), tables);
  const isBackedUp = isSequenceBackedUp(tables);
  const extensionTables = await readExtensionTables(client);
  const pendingDetaches = await readPendingDetaches(client);
  const isTable = new Set(tables.map(tableKey));
  return {
    database,
    tables,
    foreignKeys,
    sequences: allSequences.filter(isBackedUp).map(({ isConfig: _, ...sequence }) => ({
      ...sequence,
      start: BigInt(sequence.start),
      increment: BigInt(sequence.increment),
      minimum: BigInt(sequence.minimum),
      maximum: BigInt(sequence.maximum),
    })),
    materializedViews: await readMaterializedViews(client),
    extensionTables,
    platformRelations: await readPlatformRelations(client),
    pendingDetaches,
    warnings: [
      ...pendingDetaches.map((it) => pendingDetachWarning(it, isTable.has(tableKey(it.partition)))),
      ...unlogged.map((it) => unloggedWarning(it, database)),
      ...(await readLeftOut(client)),
      ...extensionTables
        .filter(({ holdsRows }) => holdsRows)
        .map((it) => extensionTableWarning(it)),
      ...allSequences
        .filter((it) => !isBackedUp(it) && (isOfUsers(it) || usersOf(it).length === 0))
        .map(extensionSequenceWarning),
      ...unreadableWarnings(unreadable, database.encoding),
    ],
    unreadable,
  };
}

type TableRow = Omit<CatalogTable, "columns"> & { unlogged: boolean; columnCount: number };
type ColumnRow = CatalogColumn & { tableOid: number; enumOid: number | null };

async function readTables(
  client: pg.ClientBase,
  read: Read,
): Promise<{ tables: CatalogTable[]; unlogged: TableName[] }> {
  const rows = await read<TableRow>(TABLES_SQL);
  const columnRows = await read<ColumnRow>(COLUMNS_SQL, [rows.map(({ oid }) => oid)]);
  const columnsOf = Map.groupBy(columnRows, ({ tableOid }) => tableOid);
  const enumOids = columnRows.flatMap(({ enumOid }) => enumOid ?? []);
  const enums = await readEnums(client, enumOids);
  const toColumn = ({ tableOid: _, enumOid, ...column }: ColumnRow): CatalogColumn => {
    const enumType = enumOid === null ? undefined : enums.get(enumOid);
    return { ...column, ...(enumType && { enumType }) };
  };
  return {
    tables: rows.map(({ unlogged: _, columnCount, ...table }) => {
      const columns = (columnsOf.get(table.oid) ?? []).map(toColumn);
      // A backup with only some of the columns would look complete.
      if (columns.length !== columnCount) throw new ColumnsMissing(columns.length, columnCount);
      return { ...table, columns };
    }),
    unlogged: rows.flatMap(({ unlogged, partitions, ...table }) => [
      ...(unlogged ? [table] : []),
      ...partitions.filter(({ isUnlogged }) => isUnlogged),
    ]),
  };
}

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

const unloggedWarning = (
  { schema, name }: TableName,
  { isStandby }: Catalog["database"],
): Warning => ({
  code: isStandby ? "UNLOGGED_ON_STANDBY" : "UNLOGGED_TABLE",
  message: isStandby
    ? `${schema}.${name} is unlogged, and this server is a standby: only the primary has its rows. They are not in a backup of this server, and its restore leaves them as they are.`
    : `${schema}.${name} is unlogged: it is in the backup, but PostgreSQL itself empties it after a crash.`,
  table: { schema, name },
});
