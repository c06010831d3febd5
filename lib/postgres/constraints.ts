import type pg from "pg";
import type { CatalogTable, ForeignKey } from "../schema/catalog.ts";
import type { TableName } from "../shared/api.ts";
import { quoteIdentifier, quoteLiteral, quoteTable } from "./identifiers.ts";

/** A constraint, and all that is needed to add it again exactly as it was. */
interface Constraint {
  /** Or a domain. */
  table: TableName;
  constraint: string;
  /** Whole, with NOT VALID, DEFERRABLE and the like. */
  definition: string;
  comment: string | null;
  isOfDomain?: boolean;
}

const owner = ({ table, isOfDomain }: Constraint): string =>
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

/** Drops foreign keys: checking them in bulk afterwards costs a fraction of a check per row, and cycles need no tricks. */
export async function dropForeignKeys(
  client: pg.ClientBase,
  foreignKeys: readonly ForeignKey[],
): Promise<void> {
  for (const foreignKey of foreignKeys) await drop(client, foreignKey);
}

/** Adds a foreign key again, exactly as it was. PostgreSQL checks every row, unless it was NOT VALID. */
export async function addForeignKey(client: pg.ClientBase, foreignKey: ForeignKey): Promise<void> {
  await add(client, foreignKey);
  await validate(client, foreignKey.validatedBelow);
}

async function validate(
  client: pg.ClientBase,
  constraints: ReadonlyArray<Pick<Constraint, "table" | "constraint">>,
): Promise<void> {
  for (const { table, constraint } of constraints) {
    await client.query(
      `ALTER TABLE ${quoteTable(table)} VALIDATE CONSTRAINT ${quoteIdentifier(constraint)}`,
    );
  }
}

/** Constraints that were dropped because rows that were there before them may violate them. */
export interface UnvalidatedConstraints {
  /** In the order in which they were dropped. */
  dropped: Constraint[];
  /** Those of them that a table below has validated for itself. */
  validatedBelow: Array<{ table: TableName; constraint: string }>;
}

/**
 * CHECK, and since PostgreSQL 18 NOT NULL, with NOT VALID: not proven for old rows, but every inserted one is checked.
 * What is NOT ENFORCED never is. An inherited one goes with its parent's.
 */
const UNVALIDATED_SQL = `
  SELECT json_build_object('schema', n.nspname, 'name', coalesce(c.relname, t.typname)) AS "table", t.oid IS NOT NULL AS "isOfDomain", k.conname AS constraint,
    pg_get_constraintdef(k.oid) AS definition, obj_description(k.oid, 'pg_constraint') AS comment,
    (WITH RECURSIVE below (oid) AS (
        SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = k.conrelid
        UNION
        SELECT i.inhrelid FROM pg_inherits i JOIN below b ON b.oid = i.inhparent
      )
      SELECT coalesce(json_agg(json_build_object('schema', bn.nspname, 'name', bc.relname)), '[]')
      FROM below b
      JOIN pg_constraint bk ON bk.conrelid = b.oid AND bk.conname = k.conname AND bk.convalidated
      JOIN pg_class bc ON bc.oid = b.oid
      JOIN pg_namespace bn ON bn.oid = bc.relnamespace) AS "validatedBelow"
  FROM pg_constraint k
  LEFT JOIN pg_class c ON c.oid = k.conrelid
  LEFT JOIN pg_type t ON t.oid = k.contypid
  JOIN pg_namespace n ON n.oid = coalesce(c.relnamespace, t.typnamespace)
  WHERE k.contype IN ('c', 'n') AND NOT k.convalidated AND k.coninhcount = 0
    AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
    AND (k.conrelid = ANY ($1::oid[]) OR pg_has_role(t.typowner, 'USAGE'))
  ORDER BY n.nspname, c.relname, t.typname, k.conname`;

/** Drops what the tables' old rows need not fulfil, so that those of an archive can come back as they were. */
export async function dropUnvalidated(
  client: pg.ClientBase,
  tables: readonly CatalogTable[],
): Promise<UnvalidatedConstraints> {
  const oids = tables.flatMap((table) => [table.oid, ...table.partitions.map(({ oid }) => oid)]);
  const all: UnvalidatedConstraints = { dropped: [], validatedBelow: [] };
  for (;;) {
    const { rows } = await client.query<Constraint & { validatedBelow: TableName[] }>(
      UNVALIDATED_SQL,
      [oids],
    );
    if (rows.length === 0) return all;
    for (const { validatedBelow, ...constraint } of rows) {
      await drop(client, constraint);
      all.dropped.push(constraint);
      for (const table of validatedBelow)
        all.validatedBelow.push({ table, constraint: constraint.constraint });
    }
    // One that a table below had declared itself, too, is inherited no more: it is found now.
  }
}

export async function addUnvalidated(
  client: pg.ClientBase,
  { dropped, validatedBelow }: UnvalidatedConstraints,
): Promise<void> {
  for (const constraint of dropped.toReversed()) await add(client, constraint);
  await validate(client, validatedBelow);
}
