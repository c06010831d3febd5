import type {
  Activity,
  ActivityFilter,
  CreateBackup,
  CreateRestore,
  ErrorReport,
  ListedOperation,
  Operation,
  Overview,
  PlanRestore,
  StartRestore,
} from "../lib/shared/api.ts";
import type { ErrorCode } from "../lib/shared/error-codes.ts";
import { nextAddress } from "../lib/shared/next-address.ts";
import type { RehearsalReport } from "../lib/shared/rehearsal.ts";
import { writeFilter } from "./activity/activity-filter.ts";

/** An error that the server reported, or one that only the browser can detect. */
export interface PanelErrorReport extends Omit<ErrorReport, "code"> {
  code: ErrorCode | "UNREACHABLE";
}

/** A failed request, with the server's own report, or UNREACHABLE if there was no response. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly report: PanelErrorReport;

  constructor(report: PanelErrorReport, options?: ErrorOptions) {
    super(report.message, options);
    this.report = report;
  }
}

const isErrorReport = (value: unknown): value is PanelErrorReport =>
  typeof value === "object" &&
  value !== null &&
  "code" in value &&
  typeof value.code === "string" &&
  "message" in value &&
  typeof value.message === "string";

/** Makes an ApiError from a response's body. If the body is not ours, the error names the status. */
export function errorFromResponse(status: number, body: string): ApiError {
  try {
    const { error } = JSON.parse(body);
    if (isErrorReport(error)) return new ApiError(error);
  } catch {
    // The response is not from our route handlers, but from a proxy or the host's own error page.
  }
  return new ApiError({
    code: status === 401 ? "UNAUTHENTICATED" : status === 403 ? "FORBIDDEN" : "UNREACHABLE",
    message: `The server answered with status ${status} and no explanation.`,
    hint: "Something between this page and the app may have refused the request. Try again. The server's log tells more.",
  });
}

export const unreachable = (cause?: unknown): ApiError =>
  new ApiError(
    {
      code: "UNREACHABLE",
      message: "The server could not be reached.",
      hint: "Check the connection. An operation that the server has begun goes on without this page.",
    },
    { cause },
  );

/** Creates functions for the routes below the mount's `/api`. Each throws ApiError. */
export function createApi(basePath: string) {
  const url = (path: string) => nextAddress(`${basePath}/api/${path}`);

  async function request<Result>(path: string, init?: RequestInit): Promise<Result> {
    let status: number;
    let body: string;
    try {
      const response = await fetch(url(path), {
        credentials: "same-origin",
        cache: "no-store",
        headers: { accept: "application/json" },
        ...init,
      });
      status = response.status;
      body = await response.text();
    } catch (error) {
      if (init?.signal?.aborted) throw error;
      throw unreachable(error);
    }
    if (status < 200 || status > 299) throw errorFromResponse(status, body);
    try {
      return JSON.parse(body) as Result;
    } catch {
      throw errorFromResponse(status, body);
    }
  }

  const post = <Result>(path: string, payload: unknown) =>
    request<Result>(path, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify(payload),
    });

  const id = encodeURIComponent;
  return {
    overview: (signal: AbortSignal) => request<Overview>("overview", { signal }),
    operations: (signal: AbortSignal) => request<ListedOperation[]>("operations", { signal }),
    activity: (filter: ActivityFilter, signal: AbortSignal) =>
      request<Activity>(`activity${writeFilter(filter)}`, { signal }),
    /** @param known an earlier answer. If nothing changed since, the server does not send its plan again. */
    async operation(
      operationId: string,
      known: Operation | undefined,
      signal: AbortSignal,
    ): Promise<Operation> {
      const query = known
        ? `?${new URLSearchParams({ state: known.state, ...(known.startedAt && { startedAt: known.startedAt }) })}`
        : "";
      const path = `operations/${id(operationId)}${query}`;
      const answer = await request<Omit<Operation, "plan"> & Partial<Operation>>(path, { signal });
      return { ...answer, plan: answer.plan === undefined ? (known?.plan ?? null) : answer.plan };
    },
    cancel: (operationId: string) => post<Operation>(`operations/${id(operationId)}/cancel`, {}),
    createBackup: (payload: CreateBackup) => post<Operation>("backups", payload),
    createRestore: (payload: CreateRestore) => post<Operation>("restores", payload),
    planRestore: (operationId: string, payload: PlanRestore) =>
      post<Operation>(`restores/${id(operationId)}/plan`, payload),
    rehearsal: (operationId: string, signal: AbortSignal) =>
      request<RehearsalReport>(`restores/${id(operationId)}/rehearsal`, { signal }),
    startRestore: (operationId: string, payload: StartRestore) =>
      post<Operation>(`restores/${id(operationId)}/start`, payload),
    archiveUrl: (operationId: string) => url(`backups/${id(operationId)}/archive`),
    uploadsUrl: url("uploads"),
  };
}

export type Api = ReturnType<typeof createApi>;
