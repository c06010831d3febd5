import type { Manifest } from "../archive/manifest.ts";
import type { Catalog, ForeignKey } from "../schema/catalog.ts";
import type { RestoreScope, TableName } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { isComputed, type LoadPlan, type PlannedLoad } from "./load-plan.ts";
import { type Choice, isMerge } from "./restore-scope.ts";

type ForeignKeyPlan = Pick<
  LoadPlan,
  "foreignKeys" | "references" | "referring" | "consequences" | "toExtensions"
>;

/** Decides which foreign keys are dropped for the load, which block it, and what they mean for tables that stay. */
export function planForeignKeys(
  manifest: Pick<Manifest, "tables">,
  catalog: Catalog,
  loads: ReadonlyMap<string, PlannedLoad>,
  { scope, isChoice, isExcluded, platformOf }: Choice,
): ForeignKeyPlan {
  const archived = new Set(manifest.tables.map(tableKey));
  const isLoaded = (table: TableName) => loads.has(tableKey(table));
  // Replacing the whole archive does not imply that other tables may stay as they are.
  const othersStay = isChoice || scope.mode !== "replace";
  const isIgnored = (table: TableName) => isExcluded(table) || (othersStay && !isLoaded(table));
  const isMoved = ({ from }: ForeignKey) => isLoaded(from) || isIgnored(from);

  const intoLoaded = catalog.foreignKeys.filter(({ from, to }) => {
    const load = loads.get(tableKey(to));
    // If every row stays, references to them need no check. But recomputing a row deletes it for a moment, and no ON
    // DELETE may act on that.
    return load && (scope.mode !== "keep-existing" || isLoaded(from) || isComputed(load.table));
  });
  const foreignKeys = intoLoaded.filter(
    (foreignKey) =>
      isMoved(foreignKey) &&
      // If inserts are not checked, rows may be invalid now, and adding the foreign key again would check them. But if
      // rows are deleted one by one, the foreign key may still delete others with them.
      !(foreignKey.insertsUnchecked && isLoaded(foreignKey.from) && scope.mode !== "overwrite"),
  );
  return {
    foreignKeys,
    references: intoLoaded.filter((foreignKey) => !isMoved(foreignKey)),
    referring: catalog.tables.filter(
      (table) =>
        isIgnored(table) && intoLoaded.some(({ from }) => tableKey(from) === tableKey(table)),
    ),
    consequences: findConsequences(catalog, scope, {
      isLoaded,
      isIgnored: isChoice || scope.exclude ? isIgnored : (table) => platformOf(table) !== undefined,
      isArchived: (table) => archived.has(tableKey(table)),
    }),
    toExtensions: findKeysToExtensions(catalog, loads.values()),
  };
}

/** PostgreSQL still enforces these in the partitions, and a restore replaces only the partitions' rows. */
function findKeysToExtensions(
  { foreignKeys }: Catalog,
  loads: Iterable<PlannedLoad>,
): ForeignKey[] {
  const above = new Set([...loads].flatMap(({ table }) => table.partOf).map(tableKey));
  return foreignKeys.filter(({ to }) => above.has(tableKey(to)));
}

/** Explains which rows the other tables must have, if only some tables were chosen or some were left out. */
function findConsequences(
  { foreignKeys }: Catalog,
  { mode }: RestoreScope,
  is: Record<"isLoaded" | "isIgnored" | "isArchived", (table: TableName) => boolean>,
): string[] {
  const what = isMerge(mode) ? "gets rows from the backup" : "is replaced";
  const otherwise = (table: TableName) =>
    `the restore fails and nothing changes.${is.isArchived(table) ? ` Restore ${tableLabel(table)} as well to avoid that.` : ""}`;
  return foreignKeys.flatMap(({ from, to, columns, constraint, insertsUnchecked }) => {
    const by = `by ${columns.join(", ")} (${constraint})`;
    if (is.isLoaded(from) && is.isIgnored(to) && !insertsUnchecked) {
      return `${tableLabel(from)} ${what}, and refers ${by} to ${tableLabel(to)}, which stays as it is. If it does not have a row that one of the backup refers to, ${otherwise(to)}`;
    }
    // In all other modes every row of the table stays, with its key.
    if (mode === "replace" && is.isLoaded(to) && is.isIgnored(from)) {
      return `${tableLabel(from)} stays as it is, and refers ${by} to ${tableLabel(to)}, which is replaced. If the backup does not have a row that one of ${tableLabel(from)} refers to, ${otherwise(from)}`;
    }
    return [];
  });
}
