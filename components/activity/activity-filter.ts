import type { ActivityFilter, OperationKind, OperationState } from "../../lib/shared/api.ts";

export const KINDS: Record<OperationKind, string> = { backup: "Backups", restore: "Restores" };

/** Labels for the filter. Unlike `stateLabel`, there is only one for all operations in a state. */
export const STATES: Record<OperationState, string> = {
  running: "Running",
  ready: "Waiting for confirmation",
  pending: "Waiting for the download",
  succeeded: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
  interrupted: "Interrupted",
};

const isOneOf = <Key extends string>(keys: Record<Key, string>, value: string): value is Key =>
  Object.hasOwn(keys, value);

/** Reads the filter from an address's query. Ignores unknown parameters and values. */
export function readFilter(params: Pick<URLSearchParams, "get">): ActivityFilter {
  const kind = params.get("kind") ?? "";
  const state = params.get("state") ?? "";
  const search = params.get("search") ?? "";
  const page = Number(params.get("page") ?? 1);
  return {
    ...(isOneOf(KINDS, kind) && { kind }),
    ...(isOneOf(STATES, state) && { state }),
    ...(search.trim() !== "" && { search }),
    ...(Number.isSafeInteger(page) && page > 1 && { page }),
  };
}

/** Returns `?kind=restore&page=2`, or an empty string if nothing is filtered. */
export function writeFilter({ kind, state, search, page }: ActivityFilter): string {
  const params = new URLSearchParams();
  if (kind) params.set("kind", kind);
  if (state) params.set("state", state);
  if (search?.trim()) params.set("search", search);
  if (page && page > 1) params.set("page", String(page));
  return params.size > 0 ? `?${params}` : "";
}

/** Whether the filter matches every operation. The page does not count. */
export const isUnfiltered = ({ kind, state, search }: ActivityFilter): boolean =>
  !kind && !state && !search;
