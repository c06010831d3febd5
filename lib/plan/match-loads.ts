import type { Manifest, ManifestTable } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import type { Catalog, CatalogTable } from "../schema/catalog.ts";
import { findTableDrift } from "../schema/drift.ts";
import { explainMissingTable } from "../schema/missing-table.ts";
import { MIGRATIONS_TABLE } from "../schema/prisma-models.ts";
import { widenedFrom } from "../schema/widened-type.ts";
import type { Drift, TableName } from "../shared/api.ts";
import { nameOf, tableKey } from "../shared/table-name.ts";
import type { LoadColumn, LoadPlan, PlannedLoad } from "./load-plan.ts";
import type { Choice } from "./restore-scope.ts";

const MIGRATIONS_REASON =
  "Prisma's record of migrations describes the database's schema, which a restore does not change.";

interface MatchedLoads {
  /** By `tableKey`. */
  loads: Map<string, PlannedLoad>;
  skipped: LoadPlan["skipped"];
  drift: Drift[];
  /** Tables of extensions that only another role could restore. */
  notOwned: TableName[];
}

/**
 * Finds the table that takes the rows of each chosen table of the archive.
 *
 * @throws BackupError REQUEST_INVALID if no table is left
 */
export function matchLoads(
  manifest: Pick<Manifest, "tables" | "enums">,
  catalog: Catalog,
  choice: Choice,
): MatchedLoads {
  const { isChosen, isExcluded, reasonFor, placesIn } = choice;
  const tables = new Map(catalog.tables.map((table) => [tableKey(table), table]));
  const archivedByKey = new Map(manifest.tables.map((table) => [tableKey(table), table]));
  const labels = new Map(manifest.enums?.map((it) => [it.type, it.labels]));
  const matched: MatchedLoads = { loads: new Map(), skipped: [], drift: [], notOwned: [] };
  for (const archived of manifest.tables) {
    if (archived.name === MIGRATIONS_TABLE) {
      matched.skipped.push({ archived, reason: MIGRATIONS_REASON });
      continue;
    }
    if (!isChosen(archived) || isExcluded(archived)) {
      matched.skipped.push({ archived, reason: reasonFor(archived) });
      continue;
    }
    const table = tables.get(tableKey(archived));
    if (!table && isMemberOfOthers(archived, catalog)) {
      matched.notOwned.push(nameOf(archived));
      continue;
    }
    const explained = table ? null : explainMissingTable(archived, archivedByKey, catalog);
    matched.drift.push(...(explained ? [explained] : findTableDrift(archived, table, labels)));
    if (!table) continue;
    const columns = matchColumns(archived, table);
    const places = placesIn(archived);
    const load = { archived, table, columns, ...(places && { places }) };
    matched.loads.set(tableKey(archived), load);
  }
  requireLoads(matched, choice);
  return matched;
}

const matchColumns = (archived: ManifestTable, table: CatalogTable): LoadColumn[] =>
  archived.columns.flatMap((it): LoadColumn[] => {
    const column = table.columns.find(({ name }) => name === it.name);
    if (!column) return [];
    const archivedType = column.type === it.type ? null : widenedFrom(it, column);
    return [archivedType === null ? column : { ...column, archivedType }];
  });

function requireLoads(
  { loads, skipped, drift }: MatchedLoads,
  { scope, platformOf }: Choice,
): void {
  const platforms = new Set(skipped.flatMap(({ archived }) => platformOf(archived) ?? []));
  const someAreLeft = scope.exclude || platforms.size > 0;
  if (!someAreLeft || loads.size > 0 || drift.some(({ blocks }) => blocks)) return;
  throw new BackupError("REQUEST_INVALID", "No table is left to restore. Nothing was changed.", {
    hint:
      platforms.size === 0
        ? "Leave fewer tables out."
        : `Tables of ${[...platforms].join(", ")} are restored only if you choose them.`,
  });
}

const isMemberOfOthers = (archived: TableName, { extensionTables }: Catalog): boolean =>
  extensionTables.some(
    (it) => tableKey(it) === tableKey(archived) && it.userRows === "all" && !it.isOwned,
  );
