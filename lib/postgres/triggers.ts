import type pg from "pg";
import type { CatalogTable, ForeignKey } from "../schema/catalog.ts";
import { FOREIGN_KEY_FAMILY_SQL } from "../schema/catalog-queries.ts";
import type { TableName } from "../shared/api.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import { oidsOf } from "./load.ts";

/** `pg_trigger.tgenabled` and the like: origin (the usual), replica, always, disabled. */
const ALTER = { O: "ENABLE", R: "ENABLE REPLICA", A: "ENABLE ALWAYS", D: "DISABLE" };

/** A trigger or rule of a table. */
interface Trigger {
  table: TableName;
  kind: "TRIGGER" | "RULE";
  name: string;
  state: keyof typeof ALTER;
}

/** ONLY, because a partition may have its parent's trigger in a different state. */
async function alter(
  client: pg.ClientBase,
  { table, kind, name }: Trigger,
  state: Trigger["state"],
): Promise<void> {
  await client.query(
    `ALTER TABLE ONLY ${quoteTable(table)} ${ALTER[state]} ${kind} ${quoteIdentifier(name)}`,
  );
}

const SUSPENDED_SQL = `
  SELECT json_build_object('schema', n.nspname, 'name', c.relname) AS "table", x.kind, x.name, x.state
  FROM (
    SELECT tgrelid AS relation, 'TRIGGER' AS kind, tgname AS name, tgenabled AS state
    FROM pg_trigger WHERE (NOT tgisinternal OR tgparentid <> 0 AND tgconstraint = 0) AND tgenabled <> 'D'
    UNION ALL
    SELECT ev_class, 'RULE', rulename, ev_enabled
    FROM pg_rewrite WHERE ev_type IN ('2', '3', '4') AND ev_enabled <> 'D'
  ) x
  JOIN pg_class c ON c.oid = x.relation
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE x.relation = ANY ($1::oid[])
  ORDER BY n.nspname, c.relname, x.name`;

/** Disables users' triggers and rules during a load, also on partitions. @returns what to resume */
export async function suspendTriggers(
  client: pg.ClientBase,
  tables: readonly CatalogTable[],
): Promise<Trigger[]> {
  const { rows } = await client.query<Trigger>(SUSPENDED_SQL, [oidsOf(tables)]);
  for (const trigger of rows) await alter(client, trigger, "D");
  return rows;
}

/** Restores the exact state of each trigger and rule. */
export async function resumeTriggers(
  client: pg.ClientBase,
  suspended: readonly Trigger[],
): Promise<void> {
  for (const trigger of suspended) await alter(client, trigger, trigger.state);
}

type EventTrigger = Pick<Trigger, "name" | "state">;

/**
 * Disables event triggers, so that they do not fire for what a restore alters and alters back. One that logs such
 * changes into a table would change what is restored. Only a superuser may do this; for other roles they fire.
 *
 * @returns what to resume
 */
export async function suspendEventTriggers(client: pg.ClientBase): Promise<EventTrigger[]> {
  const { rows } = await client.query<EventTrigger>(
    `SELECT evtname AS name, evtenabled AS state FROM pg_event_trigger
     WHERE evtenabled <> 'D' AND evtevent <> 'login' AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) ORDER BY 1`,
  );
  for (const { name } of rows)
    await client.query(`ALTER EVENT TRIGGER ${quoteIdentifier(name)} DISABLE`);
  return rows;
}

export async function resumeEventTriggers(
  client: pg.ClientBase,
  suspended: readonly EventTrigger[],
): Promise<void> {
  for (const { name, state } of suspended)
    await client.query(`ALTER EVENT TRIGGER ${quoteIdentifier(name)} ${ALTER[state]}`);
}

/** An internal trigger that enforces a foreign key. Its name changes whenever the foreign key is added again. */
interface ForeignKeyTrigger extends Trigger {
  /** Identifies the trigger independently of its name. */
  key: string;
}

const FOREIGN_KEY_TRIGGERS_SQL = `
  WITH RECURSIVE ${FOREIGN_KEY_FAMILY_SQL}
  SELECT json_build_array(r.conrelid::int8, r.conname, k.conrelid::int8, k.confrelid::int8, g.tgrelid::int8, g.tgfoid::int8)::text AS key,
    json_build_object('schema', n.nspname, 'name', c.relname) AS "table", 'TRIGGER' AS kind, g.tgname AS name, g.tgenabled AS state
  FROM family f
  JOIN pg_constraint r ON r.oid = f.root
  JOIN pg_constraint k ON k.oid = f.oid
  JOIN pg_trigger g ON g.tgconstraint = f.oid
  JOIN pg_class c ON c.oid = g.tgrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace`;

const readForeignKeyTriggers = async (client: pg.ClientBase) =>
  (await client.query<ForeignKeyTrigger>(FOREIGN_KEY_TRIGGERS_SQL)).rows;

/** Reads the triggers of these foreign keys that a superuser has disabled or set to fire at other times. */
export async function readAlteredTriggers(
  client: pg.ClientBase,
  foreignKeys: readonly ForeignKey[],
): Promise<ForeignKeyTrigger[]> {
  if (!foreignKeys.some(({ hasAlteredTriggers }) => hasAlteredTriggers)) return [];
  return (await readForeignKeyTriggers(client)).filter(({ state }) => state !== "O");
}

/** Restores the triggers' state after their foreign keys were added again. Only a superuser may do this. */
export async function alterTriggers(
  client: pg.ClientBase,
  altered: readonly ForeignKeyTrigger[],
): Promise<void> {
  if (altered.length === 0) return;
  const now = new Map((await readForeignKeyTriggers(client)).map((it) => [it.key, it]));
  for (const { key, state } of altered) {
    const found = now.get(key);
    if (!found) throw new Error("a foreign key has come back with other triggers");
    if (found.state !== state) await alter(client, found, state);
  }
}
