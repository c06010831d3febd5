import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { Actor } from "../lib/shared/api.ts";
import { type Api, createApi } from "./api.ts";
import { createQueries, type Queries } from "./queries.ts";

interface Panel {
  actor: Actor;
  api: Api;
  queries: Queries;
  /** The addresses of the panel's views. */
  paths: {
    overview: string;
    create: string;
    restore: string;
    operation: (id: string) => string;
  };
}

const PanelContext = createContext<Panel | null>(null);

export function PanelProvider(props: { basePath: string; actor: Actor; children: ReactNode }) {
  const { basePath, actor } = props;
  const panel = useMemo<Panel>(() => {
    const api = createApi(basePath);
    return {
      actor,
      api,
      queries: createQueries(api, basePath, actor.id),
      paths: {
        overview: basePath,
        create: `${basePath}/create`,
        restore: `${basePath}/restore`,
        operation: (id) => `${basePath}/operations/${encodeURIComponent(id)}`,
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
