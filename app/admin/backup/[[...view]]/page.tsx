import { BackupAdminForbidden, BackupAdminPanel } from "prisma-backup-admin/components";
import { backupAdmin } from "../backup-admin.ts";

export default async function BackupPage(props: PageProps<"/admin/backup/[[...view]]">) {
  const page = await backupAdmin.authorizePage(props);
  if (!page.allowed) return <BackupAdminForbidden signInPath={page.signInPath} />;
  return <BackupAdminPanel {...page.panel} />;
}
