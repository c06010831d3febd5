import { createHash } from "node:crypto";
import type pg from "pg";
import type { Archive } from "../archive/archive.ts";
import type { Manifest } from "../archive/manifest.ts";
import { compareEncodings } from "../plan/compare-encodings.ts";
import type { LoadPlan, PlannedLoad } from "../plan/load-plan.ts";
import { planLoad } from "../plan/plan-load.ts";
import { isMerge, type RestoreSelection } from "../plan/restore-scope.ts";
import { isStorageDamage } from "../postgres/errors/damage.ts";
import type { Load } from "../postgres/load.ts";
import type { RefusedChange } from "../postgres/publications.ts";
import { type RowKeys, readRowKeys } from "../postgres/row-keys.ts";
import { rowsOf } from "../postgres/rows-of.ts";
import { apart } from "../postgres/savepoint.ts";
import { readUntrustedCode, type UntrustedCodes } from "../postgres/untrusted-code.ts";
import type { Catalog } from "../schema/catalog.ts";
import { unreadableError } from "../schema/describe-unreadable.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import { type Drift, isOfOriginal, type TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import { findUndeletable } from "./diagnose/find-undeletable.ts";

/** A load plan, and what only the database can add to it. */
export interface ReadPlan extends LoadPlan {
  /** Each load goes into its own table. */
  loads: Load[];
  /** Tables to merge that have no key, or a key that the backup lacks. They block. */
  withoutKey: TableName[];
  /** Tables that contain rows but must be empty. They block. */
  notEmpty: TableName[];
  /** Tables whose rows would have to be deleted, although PostgreSQL prevents it. They block. */
  undeletable: RefusedChange[];
  /** Code of other roles that would run with this role's rights. It blocks. */
  untrusted: UntrustedCodes;
  /** What may not fit because the backup's database has another encoding. Null if everything fits. */
  encodings: string | null;
  /** Whether `@vorlefan/prisma-backup` wrote the backup. */
  isOriginal: boolean;
  /** Covers everything that the plan relies on. It changes if the schema changes. */
  fingerprint: string;
}

export interface PlanSource extends RestoreSelection {
  archive: Archive;
  models: PrismaModels;
}

/**
 * Matches an archive with the current state of the database.
 *
 * @param client with an empty search_path
 * @throws BackupError REQUEST_INVALID for a scope that does not fit the archive
 */
export async function readPlan(
  client: pg.ClientBase,
  { archive, models, ...selection }: PlanSource,
): Promise<{ catalog: Catalog; manifest: Manifest; plan: ReadPlan }> {
  const catalog = await readCatalog(client);
  const { unreadable, database } = catalog;
  if (unreadable.length > 0) throw unreadableError(unreadable, database.encoding);
  const manifest = archive.manifestFor(catalog, models);
  const planned = planLoad(manifest, catalog, models, selection);
  const untrusted = await readUntrustedCode(client, planned.loads);
  const keyed = await readRowKeys(client, planned.loads);
  const loads = keyed.map(({ unique: _, ...load }): Load => ({ ...load, into: load.table }));
  const { scope, isStandby, drift } = planned;
  const { mode } = scope;
  return {
    catalog,
    manifest,
    plan: {
      ...planned,
      loads,
      withoutKey: isMerge(mode) ? tablesWithoutKey(loads) : [],
      notEmpty: mode === "if-empty" && !isStandby ? await tablesWithRows(client, loads) : [],
      undeletable:
        // Reading a value as its column's type runs code, so do it only if no untrusted code was found.
        mode === "overwrite" && !isStandby && untrusted.found.length === 0
          ? await findUndeletable(client, archive, loads)
          : [],
      untrusted,
      encodings:
        manifest.database &&
        compareEncodings(manifest.database.encoding, catalog.database.encoding),
      isOriginal: isOfOriginal(manifest),
      fingerprint: fingerprintOf(keyed, catalog, drift),
    },
  };
}

const nameOf = ({ schema, name }: TableName): TableName => ({ schema, name });

const tablesWithoutKey = (loads: readonly Load[]): TableName[] =>
  loads
    .filter(({ table, columns, key }) => {
      const isFilled = (name: string) =>
        columns.some((column) => column.name === name) ||
        table.columns.some((column) => column.name === name && column.generated);
      return !key?.columns.every(isFilled);
    })
    .map(({ table }) => nameOf(table));

async function tablesWithRows(client: pg.ClientBase, loads: readonly Load[]): Promise<TableName[]> {
  const found: TableName[] = [];
  // Another check names tables that the role may not read. Locked tables are examined by the restore itself, when it
  // has the lock.
  const readable = loads.filter(
    ({ table }) => table.canSelect && !table.hidesRows && !table.isLocked,
  );
  for (const { table } of readable) {
    const holdsRows = await apart(client, async () => {
      const { rows } = await client.query(`SELECT FROM ${rowsOf(table)} t LIMIT 1`);
      return rows.length > 0;
    }).catch((error: unknown) => {
      // Its content is unknown.
      if (isStorageDamage(error)) return true;
      throw error;
    });
    if (holdsRows) found.push(nameOf(table));
  }
  return found;
}

/** Contains no rows, sizes, owners or object ids, so a restore in between does not change it. */
function fingerprintOf(
  loads: ReadonlyArray<PlannedLoad & RowKeys>,
  { foreignKeys }: Catalog,
  drift: readonly Drift[],
): string {
  const loaded = new Set(loads.map(({ table }) => tableKey(table)));
  const facts = {
    tables: loads.map(({ table, columns, key, unique }) => [
      nameOf(table),
      table.kind,
      table.columns.map(({ name, type, notNull, hasDefault, generated }) => [
        ...[name, type, notNull, hasDefault, generated],
      ]),
      columns.map(({ name, archivedType }) => [name, archivedType]),
      key?.columns,
      unique.map(({ constraint, columns: of }) => [constraint, of]),
    ]),
    foreignKeys: foreignKeys
      .filter(({ from, to }) => loaded.has(tableKey(from)) || loaded.has(tableKey(to)))
      .map(({ table, constraint, definition }) => [nameOf(table), constraint, definition]),
    drift,
  };
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}
