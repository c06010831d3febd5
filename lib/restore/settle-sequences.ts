import type pg from "pg";
import type { PlannedSequence } from "../plan/load-plan.ts";
import type { Load } from "../postgres/load.ts";
import {
  findSequenceTarget,
  lockSequence,
  readSequenceStates,
  type SequenceState,
  type SequenceTarget,
  setSequence,
} from "../postgres/sequences.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import type { Warning } from "../shared/api.ts";
import type { ReadPlan } from "./read-plan.ts";
import { sequenceWarning } from "./result-warnings.ts";

/** Sets the sequences. @returns a warning for each whose value will differ from the backup's */
export async function setSequences(client: pg.ClientBase, plan: ReadPlan): Promise<Warning[]> {
  const warnings: Warning[] = [];
  for (const { live, ...planned } of await withStates(client, plan)) {
    const { sequence, basis, columns } = planned;
    let now = live;
    let target = await findSequenceTarget(client, planned, now, columns);
    if (basis !== "archived" && !isSame(now, target)) {
      // Other sessions may draw from it until it is locked.
      await lockSequence(client, sequence);
      now = (await readSequenceStates(client, [sequence])).get(sequence) ?? live;
      target = await findSequenceTarget(client, planned, now, columns);
    }
    if (basis === "archived" || !isSame(now, target)) await setSequence(client, sequence, target);
    warnings.push(...sequenceWarning(plan, planned, now, target));
  }
  return warnings;
}

/**
 * Gives the same warnings without setting any sequence.
 *
 * @param loads into copies that contain what the tables would contain
 */
export async function foreseeSequences(
  client: pg.ClientBase,
  plan: ReadPlan,
  loads: readonly Load[],
): Promise<Warning[]> {
  const holderOf = (table: CatalogTable) => loads.find((it) => it.table === table)?.into ?? table;
  const warnings: Warning[] = [];
  for (const { live, ...planned } of await withStates(client, plan)) {
    const columns = planned.columns.map((it) => ({ ...it, table: holderOf(it.table) }));
    const target = await findSequenceTarget(client, planned, live, columns);
    warnings.push(...sequenceWarning(plan, planned, live, target));
  }
  return warnings;
}

async function withStates(
  client: pg.ClientBase,
  { sequences }: ReadPlan,
): Promise<Array<PlannedSequence & { live: SequenceState }>> {
  const states = await readSequenceStates(
    client,
    sequences.map(({ sequence }) => sequence),
  );
  return sequences.map((planned) => {
    const live = states.get(planned.sequence);
    if (!live) throw new Error("a sequence has no state");
    return { ...planned, live };
  });
}

const isSame = (
  { lastValue, isCalled }: SequenceState,
  { value, isCalled: isCalledThen }: SequenceTarget,
): boolean => BigInt(lastValue) === value && isCalled === isCalledThen;
