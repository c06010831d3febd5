import type { ErrorResponse } from "../shared/api.ts";
import { SECURITY_HEADERS } from "../shared/security-headers.ts";
import { type toBackupError, toErrorReport } from "../to-backup-error.ts";

export function json(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

export function errorResponse(error: ReturnType<typeof toBackupError>): Response {
  const body: ErrorResponse = { error: toErrorReport(error) };
  const response = json(body, error.status);
  const allow = error.code === "METHOD_NOT_ALLOWED" ? error.details?.allow : undefined;
  if (typeof allow === "string") response.headers.set("Allow", allow);
  const retryAfter = error.details?.retryAfterSeconds;
  if (error.status === 429 && typeof retryAfter === "number") {
    response.headers.set("Retry-After", String(retryAfter));
  }
  return response;
}

/** Adds the headers that every response has: no caching, no sniffing, no framing, and no access from other sites. */
export function secure(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const name of [...headers.keys()]) {
    if (name.startsWith("access-control-")) headers.delete(name);
  }
  headers.set("Cache-Control", "no-store");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  for (const { key, value } of SECURITY_HEADERS) headers.set(key, value);
  const { body, status, statusText } = response;
  return new Response(body, { status, statusText, headers });
}
