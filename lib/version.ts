/** Name and version of this software, as written into manifests. */
export const TOOL = "prisma-backup-admin/0.1.0";
