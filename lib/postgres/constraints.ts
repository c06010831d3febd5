import type pg from "pg";
import type { CatalogTable, ForeignKey } from "../schema/catalog.ts";
import { callsUserFunction } from "../schema/user-objects.ts";
import type { TableName } from "../shared/api.ts";
import { quoteIdentifier, quoteLiteral, quoteTable } from "./identifiers.ts";
import { oidsOf } from "./load.ts";

/** A constraint, with everything needed to add it again exactly as it was. */
interface Constraint {
  /** The table, or the domain. */
  table: TableName;
  constraint: string;
  /** The complete definition, including NOT VALID, DEFERRABLE and the like. */
  definition: string;
  comment: string | null;
  isOfDomain?: boolean;
}

const owner = ({ table, isOfDomain }: Pick<Constraint, "table" | "isOfDomain">): string =>
  `${isOfDomain ? "DOMAIN" : "TABLE"} ${quoteTable(table)}`;

async function drop(client: pg.ClientBase, it: Constraint): Promise<void> {
  await client.query(`ALTER ${owner(it)} DROP CONSTRAINT ${quoteIdentifier(it.constraint)}`);
}

async function add(client: pg.ClientBase, it: Constraint): Promise<void> {
  const { constraint, definition, comment } = it;
  const name = quoteIdentifier(constraint);
  await client.query(`ALTER ${owner(it)} ADD CONSTRAINT ${name} ${definition}`);
  if (comment !== null) {
    const on = it.isOfDomain ? owner(it) : quoteTable(it.table);
    await client.query(`COMMENT ON CONSTRAINT ${name} ON ${on} IS ${quoteLiteral(comment)}`);
  }
}

/** Checking foreign keys in bulk afterwards costs a fraction of checking row by row, and cycles need no tricks. */
export async function dropForeignKeys(
  client: pg.ClientBase,
  foreignKeys: readonly ForeignKey[],
): Promise<void> {
  for (const foreignKey of foreignKeys) await drop(client, foreignKey);
}

/** Adds a foreign key again, exactly as it was. PostgreSQL checks every row, unless the key was NOT VALID. */
export async function addForeignKey(client: pg.ClientBase, foreignKey: ForeignKey): Promise<void> {
  await add(client, foreignKey);
  for (const below of foreignKey.validatedBelow) await validateConstraint(client, below);
}

/** Has PostgreSQL check every row. */
export async function validateConstraint(
  client: pg.ClientBase,
  it: Pick<Constraint, "table" | "constraint" | "isOfDomain">,
): Promise<void> {
  await client.query(`ALTER ${owner(it)} VALIDATE CONSTRAINT ${quoteIdentifier(it.constraint)}`);
}

/** A constraint that is dropped while rows are loaded. */
export interface AsideConstraint extends Constraint {
  /** As far as PostgreSQL knows, every row satisfies it. It is validated again once all rows are loaded. */
  isValidated: boolean;
  /** The condition on a row, or on a domain's VALUE. */
  expression: string;
}

export interface AsideConstraints {
  /** In the order in which they were dropped. */
  dropped: AsideConstraint[];
  /** Constraints of child tables that are validated, although the parent's constraint is NOT VALID. */
  validatedBelow: Array<{ table: TableName; constraint: string }>;
}

/**
 * True if only loaded tables have columns of the domain `t` or of a domain over it, and no other type contains the
 * domain. A table's row type counts as such a type. Otherwise PostgreSQL could not validate the constraint again.
 */
const USED_BY_LOADED_ALONE = `
  NOT EXISTS (
    WITH RECURSIVE holder (type, is_direct) AS (
      SELECT t.oid, true
      UNION
      SELECT next.type, h.is_direct AND next.is_domain FROM holder h CROSS JOIN LATERAL (
        SELECT y.oid, true FROM pg_type y WHERE y.typtype = 'd' AND y.typbasetype = h.type
        UNION ALL
        SELECT y.typarray, false FROM pg_type y WHERE y.oid = h.type AND y.typarray <> 0
        UNION ALL
        SELECT r.reltype, false FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid
        WHERE a.atttypid = h.type AND NOT a.attisdropped AND r.reltype <> 0
        UNION ALL
        SELECT x.oid, false FROM pg_range g CROSS JOIN unnest(ARRAY[g.rngtypid, g.rngmultitypid]) AS x (oid) WHERE g.rngsubtype = h.type
      ) next (type, is_domain)
    )
    SELECT FROM holder h JOIN pg_attribute a ON a.atttypid = h.type JOIN pg_class r ON r.oid = a.attrelid
    WHERE NOT a.attisdropped AND r.relkind IN ('r', 'p', 'm', 'f') AND (NOT h.is_direct OR a.attrelid <> ALL ($1::oid[])))`;

/** True for `pg_constraint k`, unless it is NOT ENFORCED, which PostgreSQL knows since version 18. */
export const IS_ENFORCED = "coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)";

/** Dropping a table's constraint also drops it from the tables below that inherit it. */
const BELOW = `
  below (oid) AS (
    SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = k.conrelid
    UNION
    SELECT i.inhrelid FROM pg_inherits i JOIN below b ON b.oid = i.inhparent
  )`;

/**
 * Selects the constraints to drop during a load:
 * - CHECK, and since PostgreSQL 18 NOT NULL, if NOT VALID: old rows may violate it, but every inserted row is checked.
 * - CHECK that calls user-defined functions: these may read rows that are not loaded yet.
 *
 * NOT ENFORCED constraints are never checked, so they stay. An inherited constraint is dropped with its parent's.
 */
const ASIDE_SQL = `
  SELECT json_build_object('schema', n.nspname, 'name', coalesce(c.relname, t.typname)) AS "table", t.oid IS NOT NULL AS "isOfDomain", k.conname AS constraint,
    pg_get_constraintdef(k.oid) AS definition, obj_description(k.oid, 'pg_constraint') AS comment,
    k.convalidated AS "isValidated", pg_get_expr(k.conbin, k.conrelid) AS expression,
    CASE WHEN k.convalidated THEN '[]' ELSE (WITH RECURSIVE ${BELOW}
      SELECT coalesce(json_agg(json_build_object('schema', bn.nspname, 'name', bc.relname)), '[]')
      FROM below b
      JOIN pg_constraint bk ON bk.conrelid = b.oid AND bk.conname = k.conname AND bk.convalidated
      JOIN pg_class bc ON bc.oid = b.oid
      JOIN pg_namespace bn ON bn.oid = bc.relnamespace) END AS "validatedBelow"
  FROM pg_constraint k
  LEFT JOIN pg_class c ON c.oid = k.conrelid
  LEFT JOIN pg_type t ON t.oid = k.contypid
  JOIN pg_namespace n ON n.oid = coalesce(c.relnamespace, t.typnamespace)
  WHERE k.contype IN ('c', 'n') AND k.coninhcount = 0 AND ${IS_ENFORCED}
    AND CASE
      WHEN t.oid IS NOT NULL THEN pg_has_role(t.typowner, 'USAGE')
        AND (NOT k.convalidated OR ${callsUserFunction("pg_constraint", "k.oid")} AND ${USED_BY_LOADED_ALONE})
      ELSE $2 AND k.conrelid = ANY ($1::oid[])
        AND (NOT k.convalidated OR ${callsUserFunction("pg_constraint", "k.oid")}
          AND NOT EXISTS (WITH RECURSIVE ${BELOW} SELECT FROM below b WHERE b.oid <> ALL ($1::oid[])))
    END
  ORDER BY n.nspname, c.relname, t.typname, k.conname`;

/**
 * Drops constraints that old rows may violate, so that an archive's rows can come back as they were. Also drops
 * constraints that may depend on other rows.
 *
 * @param domainsAlone keeps the tables' own constraints
 */
export async function putConstraintsAside(
  client: pg.ClientBase,
  tables: readonly CatalogTable[],
  { domainsAlone = false } = {},
): Promise<AsideConstraints> {
  const oids = oidsOf(tables);
  const all: AsideConstraints = { dropped: [], validatedBelow: [] };
  for (;;) {
    const { rows } = await client.query<AsideConstraint & { validatedBelow: TableName[] }>(
      ASIDE_SQL,
      [oids, !domainsAlone],
    );
    if (rows.length === 0) return all;
    for (const { validatedBelow, ...constraint } of rows) {
      await drop(client, constraint);
      all.dropped.push(constraint);
      for (const table of validatedBelow)
        all.validatedBelow.push({ table, constraint: constraint.constraint });
    }
    // A table below may have declared the constraint itself, too. After the drop it is no longer inherited: the next
    // round finds it.
  }
}

/** Adds the constraints again, all NOT VALID. Use `validateConstraint` to validate those that were valid. */
export async function addConstraintsAgain(
  client: pg.ClientBase,
  { dropped, validatedBelow }: AsideConstraints,
): Promise<void> {
  for (const constraint of dropped.toReversed()) {
    const { isValidated, definition } = constraint;
    // The definition was read with an empty search_path, and is added with one. Validation uses the role's own
    // search_path.
    await add(
      client,
      isValidated ? { ...constraint, definition: `${definition} NOT VALID` } : constraint,
    );
  }
  for (const constraint of validatedBelow) await validateConstraint(client, constraint);
}
