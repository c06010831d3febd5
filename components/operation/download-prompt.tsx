import type { Operation } from "../../lib/shared/api.ts";
import { CancelOperation } from "../common/cancel-operation.tsx";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Download } from "../ui/icons.ts";

/** Shown for a backup whose download has not begun: its key exists, but no row has been read. */
export function DownloadPrompt({ operation }: { operation: Operation }) {
  const { api } = usePanel();
  return (
    <Card
      title="Waiting for the download"
      description="Your browser starts the download within a few seconds. If it does not, it may have blocked the download. You can start it here. You can download this backup only once."
    >
      <div className="pba:flex pba:flex-wrap pba:gap-3">
        <Button variant="primary" asChild>
          <a href={api.archiveUrl(operation.id)} download="">
            <Download aria-hidden />
            Start the download
          </a>
        </Button>
        <CancelOperation operation={operation} />
      </div>
    </Card>
  );
}
