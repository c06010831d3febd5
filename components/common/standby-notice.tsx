import { Notice } from "../ui/notice.tsx";

/** Says why no operation can be started here. */
export function StandbyNotice() {
  return (
    <Notice tone="warn" title="This server is a standby, which takes no writes.">
      <p>
        This page needs to write to the database, so you cannot back up or restore here. Use the
        page of an app that is connected to the primary server.
      </p>
      <p className="pba:wrap-anywhere">
        In a terminal, you can also back up a standby:{" "}
        <code className="pba:font-mono">npx prisma-backup create</code>
      </p>
    </Notice>
  );
}
