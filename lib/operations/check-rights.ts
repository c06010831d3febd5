/** The plan's check on who has which rights after the restore. */
import { readCatalog } from "../schema/read-catalog.ts";
import { findSignIn } from "../schema/sign-in.ts";
import type { Check, TableName } from "../shared/api.ts";
import { changesRights, describeRights } from "../shared/describe-rights.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { Context } from "./context.ts";

const name = "rights";

/** Replaces what `unknownRights` has said by what a trial run has found. */
export const withKnownRights = (checks: readonly Check[], { rights }: RehearsalReport): Check[] => [
  ...checks.filter((check) => check.name !== name),
  ...(rights
    ? [
        {
          name,
          state: changesRights(rights) ? ("warning" as const) : ("passed" as const),
          message: describeRights(rights),
        },
      ]
    : []),
];

/** For a restore without a trial run: says only whether it changes the tables that hold rights. */
export async function unknownRights(
  { config, database, models }: Pick<Context, "config" | "database" | "models">,
  changing: readonly TableName[],
): Promise<Check[]> {
  const client = await database.pool.connect();
  try {
    const signIn = findSignIn((await readCatalog(client)).tables, models, config.signIn);
    const changed = new Set(changing.map(tableKey));
    const table = [signIn?.users, signIn?.passwords?.table].find(
      (it) => it && changed.has(tableKey(it)),
    );
    if (!table) return [];
    const message = `This changes ${tableLabel(table)}, which holds the accounts. Without a trial run, it is not known whether this makes someone an admin or changes a password.`;
    return [{ name, state: "warning", message }];
  } finally {
    client.release();
  }
}
