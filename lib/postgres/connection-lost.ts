/** Messages of `pg` if a connection is lost or all connections of a pool are in use. These errors have no code. */
const LOST = new Set([
  "Connection terminated",
  "Connection terminated unexpectedly",
  "Connection terminated due to connection timeout",
  "Client was closed and is not queryable",
  "Client has encountered a connection error and is not queryable",
  "Query read timeout",
  "timeout exceeded when trying to connect",
]);

/** Node's error codes for a lost socket. */
const CODES = /^(?:ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENETDOWN|ENETUNREACH|EHOSTUNREACH)$/;

/** Whether a statement failed because the connection was lost or none was available. */
export const isConnectionLost = (error: unknown): error is Error =>
  error instanceof Error &&
  (LOST.has(error.message) || ("code" in error && CODES.test(String(error.code))));
