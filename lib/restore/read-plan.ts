import { createHash } from "node:crypto";
import type pg from "pg";
import type { Archive } from "../archive/archive-reader.ts";
import type { Manifest } from "../archive/manifest.ts";
import { compareEncodings } from "../plan/compare-encodings.ts";
import { type LoadPlan, planLoad } from "../plan/load-plan.ts";
import { isMerge, type RestoreSelection } from "../plan/restore-scope.ts";
import { apart } from "../postgres/apart.ts";
import { isStorageDamage } from "../postgres/damage.ts";
import type { RefusedChange } from "../postgres/publications.ts";
import { type RowKey, type RowKeys, readRowKeys } from "../postgres/row-keys.ts";
import { rowsOf } from "../postgres/rows-of.ts";
import { readUntrustedCode, type UntrustedCodes } from "../postgres/untrusted-code.ts";
import type { Catalog } from "../schema/catalog.ts";
import { unreadableError } from "../schema/describe-unreadable.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import type { TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import { findUndeletable } from "./diagnose/find-undeletable.ts";

/** A load plan, and what only the database itself can say of it. */
export interface ReadPlan extends LoadPlan {
  /** What tells the rows of each load, in their order; null where nothing does. */
  keys: ReadonlyArray<RowKey | null>;
  /** Tables to be merged that have no key, or one that the backup does not have. They block. */
  withoutKey: TableName[];
  /** Tables that hold rows, where that matters. They block. */
  notEmpty: TableName[];
  /** Where rows would have to be deleted that PostgreSQL lets nobody delete. They block. */
  undeletable: RefusedChange[];
  /** Code of other roles that would run with this one's rights. It blocks. */
  untrusted: UntrustedCodes;
  /** What may not fit, as the backup's database has another encoding; null where all does. */
  encodings: string | null;
  /** Of a backup by `@vorlefan/prisma-backup`. */
  isOriginal: boolean;
  /** Of all that the plan relies on: another one where somebody has changed the schema. */
  fingerprint: string;
}

interface PlanSource extends RestoreSelection {
  archive: Archive;
  models: PrismaModels;
}

/**
 * Matches an archive with the database as it is at this moment.
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
  const plan = planLoad(manifest, catalog, models, selection);
  const untrusted = await readUntrustedCode(client, plan.loads);
  const rules = await readRowKeys(client, plan.loads);
  const keys = rules.map(({ key }) => key);
  const { scope, isStandby } = plan;
  const { mode } = scope;
  return {
    catalog,
    manifest,
    plan: {
      ...plan,
      keys,
      withoutKey: isMerge(mode) ? tablesWithoutKey(plan, keys) : [],
      notEmpty: mode === "if-empty" && !isStandby ? await tablesWithRows(client, plan) : [],
      undeletable:
        // Its rows' values are read as their columns' types, which runs code.
        mode === "overwrite" && !isStandby && untrusted.found.length === 0
          ? await findUndeletable(client, archive, plan.loads, keys)
          : [],
      untrusted,
      encodings:
        manifest.database &&
        compareEncodings(manifest.database.encoding, catalog.database.encoding),
      isOriginal: archive.isOriginal,
      fingerprint: fingerprintOf(plan, catalog, rules),
    },
  };
}

const nameOf = ({ schema, name }: TableName): TableName => ({ schema, name });

const tablesWithoutKey = ({ loads }: LoadPlan, keys: ReadPlan["keys"]): TableName[] =>
  loads
    .filter(({ table, columns }, index) => {
      const isFilled = (name: string) =>
        columns.some((column) => column.name === name) ||
        table.columns.some((column) => column.name === name && column.generated);
      return !keys[index]?.columns.every(isFilled);
    })
    .map(({ table }) => nameOf(table));

async function tablesWithRows(client: pg.ClientBase, { loads }: LoadPlan): Promise<TableName[]> {
  const found: TableName[] = [];
  // Who cannot read it now is told of that; what somebody else has locked is looked at once the restore has it.
  const readable = loads.filter(
    ({ table }) => table.canSelect && !table.hidesRows && !table.isLocked,
  );
  for (const { table } of readable) {
    const holdsRows = await apart(client, async () => {
      const { rows } = await client.query(`SELECT FROM ${rowsOf(table)} t LIMIT 1`);
      return rows.length > 0;
    }).catch((error: unknown) => {
      // Nobody knows what is in it.
      if (isStorageDamage(error)) return true;
      throw error;
    });
    if (holdsRows) found.push(nameOf(table));
  }
  return found;
}

/** Nothing of rows, sizes, owners or object ids: a restore in between leaves it as it is. */
function fingerprintOf(
  { loads, drift }: LoadPlan,
  { foreignKeys }: Catalog,
  rules: readonly RowKeys[],
): string {
  const loaded = new Set(loads.map(({ table }) => tableKey(table)));
  const facts = {
    tables: loads.map(({ table, columns }, index) => [
      nameOf(table),
      table.kind,
      table.columns.map(({ name, type, notNull, hasDefault, generated }) => [
        ...[name, type, notNull, hasDefault, generated],
      ]),
      columns.map(({ name, archivedType }) => [name, archivedType]),
      rules[index]?.key?.columns,
      rules[index]?.unique.map(({ constraint, columns: of }) => [constraint, of]),
    ]),
    foreignKeys: foreignKeys
      .filter(({ from, to }) => loaded.has(tableKey(from)) || loaded.has(tableKey(to)))
      .map(({ table, constraint, definition }) => [nameOf(table), constraint, definition]),
    drift,
  };
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}
