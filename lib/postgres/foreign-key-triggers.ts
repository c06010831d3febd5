import type pg from "pg";
import type { ForeignKey } from "../schema/catalog.ts";
import { FOREIGN_KEY_FAMILY_SQL } from "../schema/catalog-queries.ts";
import type { TableName } from "../shared/api.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";

/** An internal trigger that enforces a foreign key. Its name changes whenever the foreign key is added again. */
interface ForeignKeyTrigger {
  /** Identifies the trigger independently of its name. */
  key: string;
  table: TableName;
  trigger: string;
  state: string;
}

const TRIGGERS_SQL = `
  WITH RECURSIVE ${FOREIGN_KEY_FAMILY_SQL}
  SELECT json_build_array(r.conrelid::int8, r.conname, k.conrelid::int8, k.confrelid::int8, g.tgrelid::int8, g.tgfoid::int8)::text AS key,
    json_build_object('schema', n.nspname, 'name', c.relname) AS "table", g.tgname AS trigger, g.tgenabled AS state
  FROM family f
  JOIN pg_constraint r ON r.oid = f.root
  JOIN pg_constraint k ON k.oid = f.oid
  JOIN pg_trigger g ON g.tgconstraint = f.oid
  JOIN pg_class c ON c.oid = g.tgrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace`;

const readTriggers = async (client: pg.ClientBase) =>
  (await client.query<ForeignKeyTrigger>(TRIGGERS_SQL)).rows;

/** Reads the triggers of these foreign keys that a superuser has disabled or set to fire at other times. */
export async function readAlteredTriggers(
  client: pg.ClientBase,
  foreignKeys: readonly ForeignKey[],
): Promise<ForeignKeyTrigger[]> {
  if (!foreignKeys.some(({ hasAlteredTriggers }) => hasAlteredTriggers)) return [];
  return (await readTriggers(client)).filter(({ state }) => state !== "O");
}

/** Restores the triggers' state after their foreign keys were added again. Only a superuser may do this. */
export async function alterTriggers(
  client: pg.ClientBase,
  altered: readonly ForeignKeyTrigger[],
): Promise<void> {
  if (altered.length === 0) return;
  const now = new Map((await readTriggers(client)).map((it) => [it.key, it]));
  for (const { key, table, state } of altered) {
    const found = now.get(key);
    if (!found) throw new Error("a foreign key has come back with other triggers");
    if (found.state === state) continue;
    const how = state === "D" ? "DISABLE" : state === "R" ? "ENABLE REPLICA" : "ENABLE ALWAYS";
    await client.query(
      `ALTER TABLE ONLY ${quoteTable(table)} ${how} TRIGGER ${quoteIdentifier(found.trigger)}`,
    );
  }
}
