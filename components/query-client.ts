import { environmentManager, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api.ts";

let browserClient: QueryClient | undefined;

/** The panel's own client: one per page in the browser, so that moving between views keeps its data. */
export function getQueryClient(): QueryClient {
  if (environmentManager.isServer()) return createQueryClient();
  browserClient ??= createQueryClient();
  return browserClient;
}

function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // An answer of the server stands; only its absence is worth another try.
        retry: (failures, error) => failures < 2 && isUnreachable(error),
        retryDelay: 1_000,
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

const isUnreachable = (error: unknown): boolean =>
  error instanceof ApiError && error.report.code === "UNREACHABLE";
