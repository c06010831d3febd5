/** What a restore means for everybody who is signed in. */
import { isMerge } from "../plan/restore-scope.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import { findSessions, findSignIn } from "../schema/sign-in.ts";
import type { Check, RestorePlan } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import type { Context } from "./context.ts";

/** Adds a check if accounts or sessions are restored. */
export async function withSignIns(
  { config, database, models }: Pick<Context, "config" | "database" | "models">,
  plan: RestorePlan,
): Promise<RestorePlan> {
  const client = await database.pool.connect();
  let tables: CatalogTable[];
  try {
    ({ tables } = await readCatalog(client));
  } finally {
    client.release();
  }
  const restored = new Set(
    plan.tables.filter(({ action }) => action !== "skip").map((table) => tableKey(table)),
  );
  const has = (table: CatalogTable | null | undefined) =>
    table !== null && table !== undefined && restored.has(tableKey(table));
  const hasSessions = has(findSessions(tables, models));
  const hasUsers = has(findSignIn(tables, models, config.signIn)?.users);
  if (!hasSessions && !hasUsers) return plan;
  const check: Check = hasSessions
    ? {
        name: "sign-ins",
        state: "warning",
        message: `${isMerge(plan.scope.mode) ? "Sessions are restored" : "Sessions are replaced: people who have signed in since the backup are signed out"}. Sessions that were ended since the backup count again, also those of a stolen cookie. To prevent that, leave their table out, or empty it after the restore.`,
      }
    : {
        name: "sign-ins",
        state: "passed",
        message:
          "Accounts are restored, and sessions are not. Signed-in people stay signed in, with the rights of their account in this backup.",
      };
  return { ...plan, checks: [...plan.checks, check] };
}
