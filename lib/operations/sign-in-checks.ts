/** What a restore means for everybody who signs in. */
import { isMerge } from "../plan/restore-scope.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import { findSessions, findSignIn } from "../schema/sign-in.ts";
import type { Check, RestorePlan } from "../shared/api.ts";
import { changesRights, describeRights } from "../shared/describe-rights.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { Context } from "./context.ts";

const RIGHTS = "rights";

/** Says who stays signed in, and whether rights may change, which only a trial run tells. @param tables the database's */
export function signInChecks(
  { config, models }: Pick<Context, "config" | "models">,
  tables: readonly CatalogTable[],
  plan: Pick<RestorePlan, "tables" | "scope">,
): Check[] {
  const changing = plan.tables.filter(({ action }) => action !== "skip");
  const changed = new Set(changing.map((table) => tableKey(table)));
  const isChanged = (table: CatalogTable | null | undefined) =>
    table ? changed.has(tableKey(table)) : false;
  const signIn = findSignIn(tables, models, config.signIn);
  const checks: Check[] = [];
  if (isChanged(findSessions(tables, models))) checks.push(withSessions(plan));
  else if (isChanged(signIn?.users)) checks.push(WITHOUT_SESSIONS);
  const holding = [signIn?.users, signIn?.passwords?.table].find(isChanged);
  if (holding) {
    const message = `This changes ${tableLabel(holding)}, which holds the accounts. Without a trial run, it is not known whether this makes someone an admin or changes a password.`;
    checks.push({ name: RIGHTS, state: "warning", message });
  }
  return checks;
}

/** Replaces what `signInChecks` says of rights by what a trial run has found. */
export function withKnownRights(checks: readonly Check[], { rights }: RehearsalReport): Check[] {
  const others = checks.filter(({ name }) => name !== RIGHTS);
  if (!rights) return others;
  const state = changesRights(rights) ? "warning" : "passed";
  return [...others, { name: RIGHTS, state, message: describeRights(rights) }];
}

const withSessions = ({ scope }: Pick<RestorePlan, "scope">): Check => ({
  name: "sign-ins",
  state: "warning",
  message: `${isMerge(scope.mode) ? "Sessions are restored" : "Sessions are replaced: people who have signed in since the backup are signed out"}. Sessions that were ended since the backup count again, also those of a stolen cookie. To prevent that, leave their table out, or empty it after the restore.`,
});

const WITHOUT_SESSIONS: Check = {
  name: "sign-ins",
  state: "passed",
  message:
    "Accounts are restored, and sessions are not. Signed-in people stay signed in, with the rights of their account in this backup.",
};
