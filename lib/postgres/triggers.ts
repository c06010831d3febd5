import type pg from "pg";
import type { CatalogTable } from "../schema/catalog.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";

/** A trigger or rule that would fire during a load, and the state to restore. */
interface Suspended {
  schema: string;
  name: string;
  kind: "TRIGGER" | "RULE";
  item: string;
  /** `pg_trigger.tgenabled` or `pg_rewrite.ev_enabled`: origin (the usual), replica, always. */
  state: "O" | "R" | "A";
}

const ENABLE = { O: "ENABLE", R: "ENABLE REPLICA", A: "ENABLE ALWAYS" };

const SUSPENDED_SQL = `
  SELECT n.nspname AS schema, c.relname AS name, x.kind, x.item, x.state
  FROM (
    SELECT tgrelid AS relation, 'TRIGGER' AS kind, tgname AS item, tgenabled AS state
    FROM pg_trigger WHERE (NOT tgisinternal OR tgparentid <> 0 AND tgconstraint = 0) AND tgenabled <> 'D'
    UNION ALL
    SELECT ev_class, 'RULE', rulename, ev_enabled
    FROM pg_rewrite WHERE ev_type IN ('2', '3', '4') AND ev_enabled <> 'D'
  ) x
  JOIN pg_class c ON c.oid = x.relation
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE x.relation = ANY ($1::oid[])
  ORDER BY n.nspname, c.relname, x.item`;

/**
 * Disables user-defined triggers and rules during a load, also on partitions.
 *
 * @returns what to resume
 */
export async function suspendTriggers(
  client: pg.ClientBase,
  tables: readonly CatalogTable[],
): Promise<Suspended[]> {
  const oids = tables.flatMap((table) => [table.oid, ...table.partitions.map(({ oid }) => oid)]);
  const { rows } = await client.query<Suspended>(SUSPENDED_SQL, [oids]);
  for (const suspended of rows) await alter(client, suspended, "DISABLE");
  return rows;
}

/** Restores the exact state of each trigger and rule. */
export async function resumeTriggers(
  client: pg.ClientBase,
  suspended: readonly Suspended[],
): Promise<void> {
  for (const item of suspended) {
    await alter(client, item, ENABLE[item.state]);
  }
}

/** ONLY, because a partition may have its parent's trigger in a different state. */
async function alter(
  client: pg.ClientBase,
  { kind, item, ...table }: Suspended,
  how: string,
): Promise<void> {
  await client.query(
    `ALTER TABLE ONLY ${quoteTable(table)} ${how} ${kind} ${quoteIdentifier(item)}`,
  );
}

interface SuspendedEventTrigger {
  name: string;
  state: "O" | "R" | "A";
}

/**
 * Disables event triggers, so that they do not fire for what a restore alters and alters back. One that logs such
 * changes into a table would change what is restored. Only a superuser may do this; for other roles they fire.
 *
 * @returns what to resume
 */
export async function suspendEventTriggers(
  client: pg.ClientBase,
): Promise<SuspendedEventTrigger[]> {
  const { rows } = await client.query<SuspendedEventTrigger>(
    `SELECT evtname AS name, evtenabled AS state FROM pg_event_trigger
     WHERE evtenabled <> 'D' AND evtevent <> 'login' AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) ORDER BY 1`,
  );
  for (const { name } of rows)
    await client.query(`ALTER EVENT TRIGGER ${quoteIdentifier(name)} DISABLE`);
  return rows;
}

export async function resumeEventTriggers(
  client: pg.ClientBase,
  suspended: readonly SuspendedEventTrigger[],
): Promise<void> {
  for (const { name, state } of suspended) {
    await client.query(`ALTER EVENT TRIGGER ${quoteIdentifier(name)} ${ENABLE[state]}`);
  }
}
