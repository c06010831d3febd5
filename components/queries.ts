import {
  keepPreviousData,
  mutationOptions,
  type QueryClient,
  queryOptions,
} from "@tanstack/react-query";
import {
  type ActivityFilter,
  type CreateBackup,
  type CreateRestore,
  isEnded,
  type ListedOperation,
  type Operation,
  type PlanRestore,
  type StartRestore,
} from "../lib/shared/api.ts";
import type { Api } from "./api.ts";

const ACTIVE_MS = 700;
const WAITING_MS = 2_000;
const IDLE_MS = 30_000;
const OVERVIEW_MS = 120_000;
/** Interval in a hidden tab: often enough for its title. */
const HIDDEN_MS = 5_000;

/** Milliseconds until an operation is read again. False if it cannot change any more. */
export function pollInterval(operation: Operation | undefined): number | false {
  if (!operation) return WAITING_MS;
  const settling = operation.state === "interrupted" && operation.changed === "unknown";
  if (isEnded(operation.state) && !settling) return false;
  // A confirmation waits for a person, who may give it in another tab.
  const interval = operation.state === "ready" || settling ? WAITING_MS : ACTIVE_MS;
  return typeof document !== "undefined" && document.hidden ? HIDDEN_MS : interval;
}

const listInterval = (operations: ListedOperation[] | undefined): number =>
  operations?.some(({ state }) => !isEnded(state)) ? WAITING_MS : IDLE_MS;

/** All queries and mutations of the panel, for one mount and one person. */
export function createQueries(api: Api, basePath: string, actorId: string) {
  const root = ["prisma-backup-admin", basePath, actorId] as const;
  const operationKey = (id: string) => [...root, "operation", id] as const;
  const operationsKey = [...root, "operations"] as const;

  const remember = (operation: Operation, client: QueryClient) => {
    client.setQueryData(operationKey(operation.id), operation);
    void client.invalidateQueries({ queryKey: operationsKey });
  };

  return {
    overview: queryOptions({
      queryKey: [...root, "overview"],
      queryFn: ({ signal }) => api.overview(signal),
      staleTime: 10_000,
      refetchInterval: OVERVIEW_MS,
    }),
    operations: queryOptions({
      queryKey: operationsKey,
      queryFn: ({ signal }) => api.operations(signal),
      placeholderData: keepPreviousData,
      refetchInterval: ({ state }) => listInterval(state.data),
    }),
    activity: (filter: ActivityFilter) =>
      queryOptions({
        queryKey: [...root, "activity", filter] as const,
        queryFn: ({ signal }) => api.activity(filter, signal),
        placeholderData: keepPreviousData,
        refetchInterval: ({ state }) => listInterval(state.data?.operations),
      }),
    operation: (id: string) =>
      queryOptions({
        queryKey: operationKey(id),
        queryFn: ({ signal, client }) =>
          api.operation(id, client.getQueryData<Operation>(operationKey(id)), signal),
        refetchInterval: ({ state }) => pollInterval(state.data),
        refetchIntervalInBackground: true,
      }),
    createBackup: mutationOptions({
      mutationFn: (payload: CreateBackup) => api.createBackup(payload),
      onSuccess: (operation, _payload, _result, { client }) => remember(operation, client),
    }),
    createRestore: mutationOptions({
      mutationFn: (payload: CreateRestore) => api.createRestore(payload),
      onSuccess: (operation, _payload, _result, { client }) => remember(operation, client),
    }),
    planRestore: (id: string) =>
      mutationOptions({
        mutationFn: (payload: PlanRestore) => api.planRestore(id, payload),
        onSuccess: (operation, _payload, _result, { client }) => remember(operation, client),
        onError: (_error, _payload, _result, { client }) =>
          client.invalidateQueries({ queryKey: operationKey(id) }),
      }),
    /** @param elapsedMs duration of the trial run. Another duration means another report. */
    rehearsal: (id: string, elapsedMs: number) =>
      queryOptions({
        queryKey: [...root, "rehearsal", id, elapsedMs],
        queryFn: ({ signal }) => api.rehearsal(id, signal),
        // The report contains rows and does not change.
        gcTime: 0,
        staleTime: Number.POSITIVE_INFINITY,
      }),
    startRestore: (id: string) =>
      mutationOptions({
        mutationFn: (payload: StartRestore) => api.startRestore(id, payload),
        onSuccess: (operation, _payload, _result, { client }) => remember(operation, client),
        onError: (_error, _payload, _result, { client }) =>
          client.invalidateQueries({ queryKey: operationKey(id) }),
      }),
    cancel: (id: string) =>
      mutationOptions({
        mutationFn: () => api.cancel(id),
        onSuccess: (operation, _payload, _result, { client }) => remember(operation, client),
        onError: (_error, _payload, _result, { client }) =>
          client.invalidateQueries({ queryKey: operationKey(id) }),
      }),
  };
}

export type Queries = ReturnType<typeof createQueries>;
