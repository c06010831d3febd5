import "server-only";
import { createBackupAdmin } from "prisma-backup-admin";
import { nextAuth } from "prisma-backup-admin/next-auth";
import { authOptions } from "../../auth.ts";
import { prisma } from "../../prisma.ts";

export const backupAdmin = createBackupAdmin({
  prisma,
  authorize: nextAuth(authOptions, (session) => session.user.role === "ADMIN"),
});
