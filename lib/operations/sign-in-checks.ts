/** What a restore means for everybody who signs in. */
import { isMerge } from "../plan/restore-scope.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import { findSessions, findSignIn } from "../schema/sign-in.ts";
import type { Check, RestorePlan } from "../shared/api.ts";
import { changesRights, describeRights } from "../shared/describe-rights.ts";
import type { RightsChanges } from "../shared/rehearsal.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { Context } from "./context.ts";

/**
 * @returns `signedIn`: who stays signed in, if accounts or sessions are restored; `rights`: who has which rights
 *   afterwards, by what a trial run found: null for no changes, undefined if there was no trial run
 */
export function signInChecks(
  { config, models }: Pick<Context, "config" | "models">,
  tables: readonly CatalogTable[],
  plan: Pick<RestorePlan, "tables" | "scope">,
): { signedIn: Check[]; rights(changes: RightsChanges | null | undefined): Check[] } {
  const changing = plan.tables.filter(({ action }) => action !== "skip");
  const changed = new Set(changing.map((table) => tableKey(table)));
  const isChanged = (table: CatalogTable | null | undefined) =>
    table ? changed.has(tableKey(table)) : false;
  const signIn = findSignIn(tables, models, config.signIn);
  return {
    signedIn: isChanged(findSessions(tables, models))
      ? [withSessions(plan)]
      : isChanged(signIn?.users)
        ? [WITHOUT_SESSIONS]
        : [],
    rights(changes) {
      if (changes === null) return [];
      if (changes) {
        const state = changesRights(changes) ? "warning" : "passed";
        return [{ name: "rights", state, message: describeRights(changes) }];
      }
      const table = [signIn?.users, signIn?.passwords?.table].find(isChanged);
      if (!table) return [];
      const message = `This changes ${tableLabel(table)}, which holds the accounts. Without a trial run, it is not known whether this makes someone an admin or changes a password.`;
      return [{ name: "rights", state: "warning", message }];
    },
  };
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
