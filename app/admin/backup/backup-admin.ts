import "server-only";
import { createBackupAdmin } from "prisma-backup-admin";
import { nextAuth } from "prisma-backup-admin/next-auth";
import { authOptions } from "../../auth.ts";
import { prisma } from "../../prisma.ts";
import { findUser } from "../../session.ts";

/** What needs a sign-in of the last minutes. Not set: none. */
const freshMinutes = Number(process.env.FRESH_SIGN_IN_MINUTES ?? Number.POSITIVE_INFINITY);

/** For which of them. Sending a file takes longer than that. */
const freshActions = (process.env.FRESH_SIGN_IN_FOR ?? "backup,unlock,restore").split(",");

/** Public keys of age, for which every backup is made. Not set: as each person chooses. */
const recipients = process.env.BACKUP_RECIPIENTS?.split(",");

export const backupAdmin = createBackupAdmin({
  prisma,
  policy: recipients && { recipients },
  authorize: nextAuth(authOptions, async (session, { action }) => {
    // Asked on each request: a right that is taken away is gone at once.
    const user = await findUser(session);
    if (!user) return null;
    if (user.role !== "ADMIN") return false;
    if (!freshActions.includes(action)) return true;
    const isFresh = Date.now() - session.signedInAtMs < freshMinutes * 60_000;
    return isFresh || { reauthenticate: "/sign-in" };
  }),
});
