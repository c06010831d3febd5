/** What `pg` says where a connection is no more, or all of a pool's are in use. It gives no code. */
const LOST = new Set([
  "Connection terminated",
  "Connection terminated unexpectedly",
  "Connection terminated due to connection timeout",
  "Client was closed and is not queryable",
  "Client has encountered a connection error and is not queryable",
  "Query read timeout",
  "timeout exceeded when trying to connect",
]);

/** Node's, of a socket. */
const CODES = /^(?:ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENETDOWN|ENETUNREACH|EHOSTUNREACH)$/;

/** Whether a statement failed since there was no connection any more, or none to be had. */
export const isConnectionLost = (error: unknown): error is Error =>
  error instanceof Error &&
  (LOST.has(error.message) || ("code" in error && CODES.test(String(error.code))));
