export { BackupAdminPanel, type BackupAdminPanelProps } from "./backup-admin-panel.tsx";
export { BackupAdminForbidden, type BackupAdminForbiddenProps } from "./forbidden.tsx";
