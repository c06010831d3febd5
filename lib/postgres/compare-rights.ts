import type pg from "pg";
import type { CatalogColumn } from "../schema/catalog.ts";
import { countIf, joinByKey } from "./compare-rows.ts";
import { quoteIdentifier } from "./identifiers.ts";
import type { KeyedLoad } from "./load.ts";

interface ComparedRights {
  roles: readonly CatalogColumn[];
  /** In lower case. */
  adminRoles: readonly string[];
  passwords: readonly CatalogColumn[];
}

/** `passwordsChanged` counts only people who exist before and after. */
type RightsCounts = Record<"adminsAdded" | "adminsRemoved" | "passwordsChanged", number>;

/** Counts changes of rights in the load's copy. Only the counts leave the database, no values. */
export async function compareRights(
  client: pg.ClientBase,
  load: KeyedLoad,
  { roles, adminRoles, passwords }: ComparedRights,
): Promise<RightsCounts> {
  const isOneAdmin = ["false", ...roles.map(isAdmin)].join(" OR ");
  const hashes = passwords.map(({ name }) => `t.${quoteIdentifier(name)}::text`).join(", ");
  const isOther = `l.p::text COLLATE "C" IS DISTINCT FROM s.p::text COLLATE "C"`;
  const { rows } = await client.query<RightsCounts>(
    `SELECT ${countIf("s.a AND l.a IS NOT TRUE", "adminsAdded")}, ${countIf("l.a AND s.a IS NOT TRUE", "adminsRemoved")},
       ${countIf(`l.k1 IS NOT NULL AND s.k1 IS NOT NULL AND ${isOther}`, "passwordsChanged")}
     FROM ${joinByKey(load, load.key, `(${isOneAdmin}) AS a, ARRAY[${hashes}]::text[] AS p`)}
     -- Gives the parameter a type if no column needs it.
     WHERE $1::text[] IS NOT NULL`,
    [adminRoles],
  );
  if (!rows[0]) throw new Error("an aggregate gave no row");
  return rows[0];
}

/** A text column may list several roles, as with Better Auth. So may arrays and JSON. */
function isAdmin({ name, valueType }: CatalogColumn): string {
  const column = `t.${quoteIdentifier(name)}`;
  if (valueType.name === "bool" && !valueType.isArray) return `${column} IS TRUE`;
  const values = `pg_catalog.regexp_split_to_array(pg_catalog.lower(${column}::text), '[[:space:]]*[][{}",]+[[:space:]]*')`;
  return `coalesce(${values} OPERATOR(pg_catalog.&&) $1::text[], false)`;
}
