import { environmentManager, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api.ts";

let browserClient: QueryClient | undefined;

/**
 * Returns the panel's own client. There is one per page in the browser, so that data stays while the person moves
 * between views.
 */
export function getQueryClient(): QueryClient {
  if (environmentManager.isServer()) return createQueryClient();
  browserClient ??= createQueryClient();
  return browserClient;
}

function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Retry only if the server did not answer. An answer, even an error, is final.
        retry: (failures, error) => failures < 2 && isUnreachable(error),
        retryDelay: 1_000,
      },
      mutations: {
        retry: false,
        networkMode: "always",
        // What was sent may hold a passphrase: forget it with the view that sent it.
        gcTime: 0,
      },
    },
  });
}

const isUnreachable = (error: unknown): boolean =>
  error instanceof ApiError && error.report.code === "UNREACHABLE";
