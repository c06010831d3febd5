import type pg from "pg";
import {
  type AsideConstraints,
  addConstraintsAgain,
  dropForeignKeys,
  putConstraintsAside,
} from "../postgres/constraints.ts";
import { tablesOf } from "../postgres/load.ts";
import { type LockWait, lockMaterializedViews } from "../postgres/locks.ts";
import {
  alterTriggers,
  readAlteredTriggers,
  suspendEventTriggers,
  suspendTriggers,
} from "../postgres/triggers.ts";
import type { ReadPlan } from "./read-plan.ts";

/** Objects that must not act while rows are loaded. Each is restored exactly as it was. */
export interface Aside {
  eventTriggers: Awaited<ReturnType<typeof suspendEventTriggers>>;
  triggers: Awaited<ReturnType<typeof suspendTriggers>>;
  /** Triggers of the dropped foreign keys whose state was altered. */
  foreignKeyTriggers: Awaited<ReturnType<typeof readAlteredTriggers>>;
  constraints: AsideConstraints;
}

/** Suspends triggers, drops the foreign keys and the constraints that old rows may violate, and locks the views. */
export async function putAside(
  client: pg.Client,
  { loads, foreignKeys, materializedViews }: ReadPlan,
  lockWait: LockWait,
): Promise<Aside> {
  const tables = tablesOf(loads);
  const eventTriggers = await suspendEventTriggers(client);
  await lockMaterializedViews(client, materializedViews, lockWait);
  const triggers = await suspendTriggers(client, tables);
  const foreignKeyTriggers = await readAlteredTriggers(client, foreignKeys);
  await dropForeignKeys(client, foreignKeys);
  const constraints = await putConstraintsAside(client, tables);
  return { eventTriggers, triggers, foreignKeyTriggers, constraints };
}

/** Adds the constraints again, without validating them. The foreign keys have been added again before. */
export async function putConstraintsBack(
  client: pg.ClientBase,
  { foreignKeyTriggers, constraints }: Aside,
): Promise<void> {
  await alterTriggers(client, foreignKeyTriggers);
  await addConstraintsAgain(client, constraints);
}
