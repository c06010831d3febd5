import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { Actor } from "../lib/shared/api.ts";
import { type Api, createApi } from "./api.ts";
import { createQueries, type Queries } from "./queries.ts";

export type OperationStep = "scope" | "changes" | "receipt";

interface Panel {
  actor: Actor;
  api: Api;
  queries: Queries;
  /** The addresses of the panel's views. */
  paths: {
    overview: string;
    create: string;
    activity: string;
    restore: string;
    /** The steps before the restore exists on the server as an operation. */
    restoreInside: string;
    restoreUpload: string;
    operation: (id: string) => string;
    /** The steps of a restore that is checked, and its receipt. */
    operationStep: (id: string, step: OperationStep) => string;
  };
}

const PanelContext = createContext<Panel | null>(null);

export function PanelProvider(props: { basePath: string; actor: Actor; children: ReactNode }) {
  const { basePath, actor } = props;
  const panel = useMemo<Panel>(() => {
    const api = createApi(basePath);
    const operation = (id: string) => `${basePath}/operations/${encodeURIComponent(id)}`;
    return {
      actor,
      api,
      queries: createQueries(api, basePath, actor.id),
      paths: {
        overview: basePath,
        create: `${basePath}/create`,
        activity: `${basePath}/activity`,
        restore: `${basePath}/restore`,
        restoreInside: `${basePath}/restore/inside`,
        restoreUpload: `${basePath}/restore/upload`,
        operation,
        operationStep: (id, step) => `${operation(id)}/${step}`,
      },
    };
  }, [basePath, actor]);
  return <PanelContext value={panel}>{props.children}</PanelContext>;
}

export function usePanel(): Panel {
  const panel = useContext(PanelContext);
  if (!panel) throw new Error("usePanel is only for components inside BackupAdminPanel.");
  return panel;
}
