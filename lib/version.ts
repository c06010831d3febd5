/** Name and version of this software, as a manifest states them. */
export const TOOL = "prisma-backup-admin/0.1.0";
