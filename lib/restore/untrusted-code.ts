import { BackupError } from "../errors.ts";
import type { UntrustedCode, UntrustedCodes } from "../postgres/untrusted-code.ts";
import type { LeaveOut } from "../shared/api.ts";
import { formatSome } from "../shared/format.ts";
import { sqlIdentifier } from "../shared/sql-name.ts";
import { tableLabel } from "../shared/table-name.ts";

/** @param canLeaveOut the tables whose rows call it, if nothing else does */
export function describeUntrusted(
  { found, role, isSuperuser }: UntrustedCodes,
  canLeaveOut: { leaveOut?: LeaveOut },
): BackupError {
  const owners = [...new Set(found.map(({ owner }) => owner))].map(sqlIdentifier).join(", ");
  const alter = found.flatMap(({ kind, code }) =>
    kind ? [`ALTER ${kind} ${code} OWNER TO ${sqlIdentifier(role)};`] : [],
  );
  return new BackupError(
    "UNTRUSTED_CODE",
    `A restore would run code of another role with the rights of ${role}${isSuperuser ? ", a superuser" : ""}: ${formatSome(found.map(describe), "; ")}. Nothing was changed.`,
    {
      hint: [
        `If you trust ${owners}, restore as a role that owns these tables and is a member of ${owners}${
          isSuperuser
            ? `, but is no superuser: CREATE ROLE restorer LOGIN PASSWORD '…'; GRANT ${owners} TO restorer;`
            : `: GRANT ${owners} TO ${sqlIdentifier(role)};`
        }`,
        "If you do not, drop this code.",
        ...(alter.length > 0
          ? [
              `Or read it, and make it yours as a superuser: ${formatSome([...new Set(alter)], " ")}`,
            ]
          : []),
        ...(canLeaveOut.leaveOut ? ["Or leave these tables out of the restore."] : []),
      ].join(" "),
      details: { role, code: found, ...canLeaveOut },
    },
  );
}

function describe({ table, caller, kind, code, owner }: UntrustedCode): string {
  if (table) {
    const where = caller === null ? tableLabel(table) : `${caller} of ${tableLabel(table)}`;
    return kind === null
      ? `${where}, which ${owner} has written, calls ${code}`
      : `${where} calls ${code}, which belongs to ${owner}`;
  }
  if (caller !== null)
    return `the event trigger ${caller} calls ${code}, which belongs to ${owner}`;
  return `the ${kind?.toLowerCase()} ${code}, which belongs to ${owner}, has the name of another one that it would be taken for`;
}
