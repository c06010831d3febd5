"use client";

import { QueryClientProvider } from "@tanstack/react-query";
import type { Actor } from "../lib/shared/api.ts";
import { ActivityView } from "./activity/activity-view.tsx";
import { ActiveOperations } from "./common/active-operations.tsx";
import { ConnectionNotice } from "./common/connection-notice.tsx";
import { Frame } from "./common/frame.tsx";
import { NotFound } from "./common/not-found.tsx";
import { CreateView } from "./create/create-view.tsx";
import { OperationView } from "./operation/operation-view.tsx";
import { OverviewView } from "./overview/overview-view.tsx";
import { PanelProvider } from "./panel-context.tsx";
import { getQueryClient } from "./query-client.ts";
import { ReceiptView } from "./receipt/receipt-view.tsx";
import { RestoreView } from "./restore/restore-view.tsx";

export interface BackupAdminPanelProps {
  /** The path at which the add-on is mounted, without a slash at the end: `/admin/backup`. */
  basePath: string;
  /**
   * The segments of the path below `basePath`: none, `create`, `restore`, or `operations` with an id and perhaps a
   * step.
   */
  view: string[] | undefined;
  actor: Actor;
}

/** The whole panel. It reads everything that it shows from the server, so all tabs show the same. */
export function BackupAdminPanel({ basePath, view = [], actor }: BackupAdminPanelProps) {
  const operationId = view[0] === "operations" && view.length <= 3 ? view[1] : undefined;
  return (
    <QueryClientProvider client={getQueryClient()}>
      <PanelProvider basePath={basePath} actor={actor}>
        <Frame>
          <ConnectionNotice />
          <ActiveOperations except={operationId} />
          {operationId ? operationViewOf(operationId, view[2]) : viewOf(view)}
        </Frame>
      </PanelProvider>
    </QueryClientProvider>
  );
}

function operationViewOf(id: string, step: string | undefined) {
  switch (step) {
    case undefined:
    // In older links. The confirmation was a page of its own.
    case "confirm":
      return <OperationView key={id} id={id} place="operation" />;
    case "scope":
    case "changes":
      return <OperationView key={id} id={id} place={step} />;
    case "receipt":
      return <ReceiptView key={id} id={id} />;
    default:
      return <NotFound title="There is no such page" />;
  }
}

function viewOf(view: string[]) {
  switch (view.join("/")) {
    case "":
      return <OverviewView />;
    case "activity":
      return <ActivityView />;
    case "create":
      return <CreateView />;
    case "restore":
      return <RestoreView place="choose" />;
    case "restore/inside":
      return <RestoreView place="inside" />;
    case "restore/upload":
      return <RestoreView place="upload" />;
    default:
      return <NotFound title="There is no such page" />;
  }
}
