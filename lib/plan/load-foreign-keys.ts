import type { Manifest } from "../archive/manifest.ts";
import type { Catalog, ForeignKey } from "../schema/catalog.ts";
import type { RestoreScope, TableName } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { Choice } from "./choose-tables.ts";
import { isComputed } from "./computed-tables.ts";
import type { LoadPlan, PlannedLoad } from "./load-plan.ts";
import { isMerge } from "./restore-scope.ts";

type ForeignKeyPlan = Pick<
  LoadPlan,
  "foreignKeys" | "references" | "referring" | "consequences" | "toExtensions"
>;

/** Which foreign keys are dropped for the load, which stand in its way, and what they mean for tables that stay. */
export function planForeignKeys(
  manifest: Pick<Manifest, "tables">,
  catalog: Catalog,
  loads: ReadonlyMap<string, PlannedLoad>,
  { scope, isChoice, isExcluded, platformOf }: Choice,
): ForeignKeyPlan {
  const archived = new Set(manifest.tables.map(tableKey));
  const isLoaded = (table: TableName) => loads.has(tableKey(table));
  // A person who replaces the whole archive has not said that tables outside of it may stay.
  const othersStay = isChoice || scope.mode !== "replace";
  const isIgnored = (table: TableName) => isExcluded(table) || (othersStay && !isLoaded(table));
  const isMoved = ({ from }: ForeignKey) => isLoaded(from) || isIgnored(from);

  const intoLoaded = catalog.foreignKeys.filter(({ from, to }) => {
    const load = loads.get(tableKey(to));
    // If every row stays, nothing that refers to one has to be checked. But a row that is computed anew is taken out
    // for a moment, and no ON DELETE may follow.
    return load && (scope.mode !== "keep-existing" || isLoaded(from) || isComputed(load.table));
  });
  const foreignKeys = intoLoaded.filter(
    (foreignKey) =>
      isMoved(foreignKey) &&
      // If nothing checks the rows, they need not be valid now, and to add the foreign key again would check them.
      // But rows that are deleted one by one may still take others with them.
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

/** PostgreSQL goes on enforcing these in the partitions, whose rows are all that a restore replaces. */
function findKeysToExtensions(
  { foreignKeys }: Catalog,
  loads: Iterable<PlannedLoad>,
): ForeignKey[] {
  const above = new Set([...loads].flatMap(({ table }) => table.partOf).map(tableKey));
  return foreignKeys.filter(({ to }) => above.has(tableKey(to)));
}

/** Tells a person who chose some tables, or left some out, which rows the other tables have to have. */
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
