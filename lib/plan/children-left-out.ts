import type { ManifestTable } from "../archive/manifest.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import type { TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import type { LoadPlan } from "./load-plan.ts";

/**
 * Finds restored tables whose children are not restored, although a SELECT from the table showed the children's rows.
 */
export function findChildrenLeftOut(
  archived: readonly ManifestTable[],
  tables: ReadonlyMap<string, CatalogTable>,
  { loads, skipped }: Pick<LoadPlan, "loads" | "skipped">,
): LoadPlan["childrenLeftOut"] {
  const isSkipped = new Set(skipped.map(({ archived: it }) => tableKey(it)));
  // Archives of older versions do not have this.
  const parentsOf = (table: ManifestTable): readonly TableName[] =>
    table.inherits ?? tables.get(tableKey(table))?.inherits ?? [];
  const children = new Map<string, ManifestTable[]>();
  for (const table of archived) {
    for (const parent of parentsOf(table)) {
      const known = children.get(tableKey(parent));
      if (known) known.push(table);
      else children.set(tableKey(parent), [table]);
    }
  }
  return loads.flatMap(({ archived: parent, places }) => {
    const below = new Set(children.get(tableKey(parent)));
    // A choice of single rows does not mean everything that the table shows.
    if (below.size === 0 || places) return [];
    for (const child of below) for (const it of children.get(tableKey(child)) ?? []) below.add(it);
    const left = archived.filter(
      (it) => below.has(it) && it.rows > 0 && isSkipped.has(tableKey(it)),
    );
    if (left.length === 0) return [];
    const nameOf = ({ schema, name }: TableName): TableName => ({ schema, name });
    return [{ parent: nameOf(parent), children: left.map(nameOf) }];
  });
}
