import { backupAdmin } from "../../backup-admin.ts";

export const { GET, HEAD, POST, PATCH, DELETE, OPTIONS } = backupAdmin.handlers;
