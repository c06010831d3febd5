import { Notice } from "../ui/notice.tsx";

/** Says why no operation can be started here. */
export function StandbyNotice() {
  return (
    <Notice tone="warn" title="This server is a standby, which takes no writes.">
      <p>
        Operations cannot be recorded here, so this page can make no backup and restore none. Use it
        in an app that is connected to the primary server.
      </p>
      <p className="pba:wrap-anywhere">
        In a terminal, a backup can be made of a standby as well:{" "}
        <code className="pba:font-mono">npx prisma-backup create</code>
      </p>
    </Notice>
  );
}
