import type pg from "pg";
import type { CatalogColumn, CatalogTable } from "../schema/catalog.ts";
import type { KeyedLoad } from "./load.ts";
import { rowsOf } from "./rows-of.ts";
import { columnsOfRow } from "./sample-values.ts";

interface ComparedRights {
  roles: readonly CatalogColumn[];
  /** In lower case. */
  adminRoles: readonly string[];
  passwords: readonly CatalogColumn[];
}

interface RightsCounts {
  /** People who become admins, new or not, and people who stop being admins. */
  adminsAdded: number;
  adminsRemoved: number;
  /** Counts only people who exist before and after. */
  passwordsChanged: number;
}

/** Counts changes of rights in the load's copy. Only the counts leave the database, no values. */
export async function compareRights(
  client: pg.ClientBase,
  { table: live, into, key }: KeyedLoad,
  { roles, adminRoles, passwords }: ComparedRights,
): Promise<RightsCounts> {
  const names = key.columns.map((_, index) => `k${index + 1}`);
  const password = columnsOfRow(
    "t",
    passwords.map(({ name }) => name),
  );
  const side = (table: CatalogTable) =>
    `(SELECT ${columnsOfRow("t", key.columns)
      .map((column, index) => `${column} AS ${names[index]}`)
      .join(", ")}, (${["false", ...roles.map(isAdmin)].join(" OR ")}) AS a,
      ARRAY[${password.map((it) => `${it}::text`).join(", ")}]::text[] AS p FROM ${rowsOf(table)} t)`;
  const count = (condition: string, name: string) =>
    `pg_catalog.count(*) FILTER (WHERE ${condition})::float8 AS "${name}"`;
  const { rows } = await client.query<RightsCounts>(
    `SELECT ${count("s.a AND l.a IS NOT TRUE", "adminsAdded")}, ${count("l.a AND s.a IS NOT TRUE", "adminsRemoved")},
       ${count(`l.k1 IS NOT NULL AND s.k1 IS NOT NULL AND l.p::text COLLATE "C" IS DISTINCT FROM s.p::text COLLATE "C"`, "passwordsChanged")}
     FROM ${side(live)} l FULL JOIN ${side(into)} s ON ${names.map((name, i) => `l.${name} ${key.equals[i]} s.${name}`).join(" AND ")}
     -- Gives the parameter a type if no column needs it.
     WHERE $1::text[] IS NOT NULL`,
    [adminRoles],
  );
  if (!rows[0]) throw new Error("an aggregate gave no row");
  return rows[0];
}

/** A text column may list several roles, as with Better Auth. So may arrays and JSON. */
function isAdmin({ name, valueType }: CatalogColumn): string {
  const [column] = columnsOfRow("t", [name]);
  if (valueType.name === "bool" && !valueType.isArray) return `${column} IS TRUE`;
  const values = `pg_catalog.regexp_split_to_array(pg_catalog.lower(${column}::text), '[[:space:]]*[][{}",]+[[:space:]]*')`;
  return `coalesce(${values} OPERATOR(pg_catalog.&&) $1::text[], false)`;
}
