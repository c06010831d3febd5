import type { CatalogTable, Partition } from "../schema/catalog.ts";
import { nameOf, tableKey } from "../shared/table-name.ts";
import { isComputed, type LoadPlan } from "./load-plan.ts";
import { isMerge } from "./restore-scope.ts";

type Changed = Pick<LoadPlan, "scope" | "loads" | "referring" | "sequences" | "foreignKeys">;

export const findNotOwned = ({ loads, referring, sequences }: Changed): LoadPlan["notOwned"] =>
  [
    ...loads.flatMap(({ table }) => [table, ...ownPartitions(table)]),
    ...referring,
    ...sequences.map(({ sequence }) => sequence),
  ]
    .filter(({ isOwned }) => !isOwned)
    .map(nameOf);

const ownPartitions = ({ partitions }: CatalogTable): Partition[] =>
  partitions.filter(({ isForeign }) => !isForeign);

/** Rights that the statements of a load need but the role lacks. ALTER needs only ownership. */
export function findMissingRights(changed: Changed): LoadPlan["withoutRights"] {
  const { loads, referring, sequences, foreignKeys } = changed;
  const { mode } = changed.scope;
  const referred = new Set(foreignKeys.map(({ to }) => tableKey(to)));
  const emptying = isMerge(mode) ? (mode === "overwrite" ? ["DELETE"] : []) : ["TRUNCATE"];
  return [
    ...loads.flatMap(({ table }) => {
      // Rows that are recomputed are deleted from their relation and inserted again.
      const computing = isComputed(table) ? ["SELECT", "INSERT", "DELETE"] : [];
      const rights = [...new Set(["USAGE", "SELECT", "INSERT", ...emptying, ...computing])];
      if (referred.has(tableKey(table))) rights.push("REFERENCES");
      // If one partition is on another server, the others are read and emptied one by one.
      const isSplit = table.partitions.some(({ isForeign }) => isForeign);
      const below = [
        ...new Set(["USAGE", ...(isSplit ? ["SELECT", ...emptying] : []), ...computing]),
      ];
      return [
        { it: table, rights },
        ...ownPartitions(table).map((it) => ({ it, rights: it.isPartitioned ? ["USAGE"] : below })),
      ];
    }),
    ...referring.map((it) => ({ it, rights: ["USAGE", "SELECT"] })),
    ...sequences.map(({ sequence: it }) => ({ it, rights: ["USAGE", "SELECT", "UPDATE"] })),
  ].flatMap(({ it, rights }) => {
    if (!it.isOwned) return [];
    const { missingRights } = it;
    const missing = rights.filter((right) => missingRights.includes(right));
    // Without any of these rights, a role may not even lock the table.
    const mayLock = "start" in it || LOCKING.some((right) => !missingRights.includes(right));
    if (!mayLock && !missing.some((right) => LOCKING.includes(right))) missing.push("UPDATE");
    return missing.length > 0 ? [{ relation: nameOf(it), rights: missing }] : [];
  });
}

const LOCKING = ["UPDATE", "DELETE", "TRUNCATE"];
