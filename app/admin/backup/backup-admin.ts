import "server-only";
import { createBackupAdmin } from "prisma-backup-admin";
import { nextAuth } from "prisma-backup-admin/next-auth";
import { authOptions } from "../../auth.ts";
import { prisma } from "../../prisma.ts";
import { findUser } from "../../session.ts";

/** Maximum age of a sign-in for the actions below, in minutes. Not set: any age. */
const freshMinutes = Number(process.env.FRESH_SIGN_IN_MINUTES ?? Number.POSITIVE_INFINITY);

/** The actions that need a fresh sign-in. Not `upload`, because sending a file may take longer than that. */
const freshActions = (process.env.FRESH_SIGN_IN_FOR ?? "backup,unlock,restore").split(",");

/** age public keys that open every backup. Not set: each person chooses. */
const recipients = process.env.BACKUP_RECIPIENTS?.split(",");

export const backupAdmin = createBackupAdmin({
  prisma,
  policy: recipients && { recipients },
  authorize: nextAuth(authOptions, async (session, { action }) => {
    // Read the user on each request, so that a revoked right is gone at once.
    const user = await findUser(session);
    if (!user) return null;
    if (user.role !== "ADMIN") return false;
    if (!freshActions.includes(action)) return true;
    const isFresh = Date.now() - session.signedInAtMs < freshMinutes * 60_000;
    return isFresh || { reauthenticate: "/sign-in" };
  }),
});
