import { formatCount, formatNoun } from "./format.ts";
import type { RightsChanges } from "./rehearsal.ts";
import { tableLabel } from "./table-name.ts";

/** Returns `In users, this adds 1 admin and changes 2 password hashes.` */
export function describeRights({ table, admins, passwordsChanged }: RightsChanges): string {
  const changes = [
    admins && admins.added > 0 && `adds ${formatNoun(admins.added, "admin")}`,
    admins && admins.removed > 0 && `removes ${formatNoun(admins.removed, "admin")}`,
    passwordsChanged &&
      `changes ${formatCount(passwordsChanged)} password ${passwordsChanged === 1 ? "hash" : "hashes"}`,
  ].filter((it) => typeof it === "string");
  const last = changes.pop();
  const known = [admins && "admin", passwordsChanged !== null && "password hash"].filter(
    (it) => typeof it === "string",
  );
  const unknown = [!admins && "admins", passwordsChanged === null && "password hashes"].filter(
    (it) => typeof it === "string",
  );
  return [
    last !== undefined &&
      `In ${tableLabel(table)}, this ${changes.length > 0 ? `${changes.join(", ")} and ` : ""}${last}.`,
    last === undefined &&
      known.length > 0 &&
      `In ${tableLabel(table)}, this changes no ${known.join(" and no ")}.`,
    unknown.length > 0 && `It is not known what this does to ${unknown.join(" and ")}.`,
  ]
    .filter((it) => typeof it === "string")
    .join(" ");
}

/** Whether the changes deserve a warning. */
export const changesRights = ({ admins, passwordsChanged }: RightsChanges): boolean =>
  !admins || passwordsChanged === null || admins.added + admins.removed + passwordsChanged > 0;
