/** Implements `sslmode=prefer`, which `pg` treats as `require`. */
import { once } from "node:events";
import { createConnection } from "node:net";
import type pg from "pg";

/** Whether to continue without TLS if the server has none. Decided by the connection string, otherwise by PGSSLMODE. */
export function isTlsOptional({ connectionString, ssl, stream }: pg.ClientConfig): boolean {
  if (stream) return false;
  const query = new URLSearchParams(connectionString?.replace(/^[^?]*/, ""));
  const isUnset = ssl === undefined && !query.has("ssl") && !query.has("sslrootcert");
  const mode = query.getAll("sslmode").at(-1) ?? (isUnset ? process.env.PGSSLMODE : undefined);
  return mode === "prefer" || mode === "allow";
}

/** The protocol's SSLRequest: its length, and a version number that no server has. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Asks the server for TLS as libpq does. A server without TLS answers N. Other problems show when connecting. */
export async function hasNoTls(
  { host, port }: { host: string; port: number },
  timeoutMs = 0,
): Promise<boolean> {
  const socket = host.startsWith("/")
    ? createConnection(`${host}/.s.PGSQL.${port}`)
    : createConnection(port, host);
  try {
    socket.setTimeout(timeoutMs, () => socket.destroy(noAnswer(host, port, timeoutMs)));
    socket.write(SSL_REQUEST);
    await once(socket, "readable");
    return String(socket.read(1)) === "N";
  } finally {
    socket.destroy();
  }
}

export const noAnswer = (host: string, port: number, timeoutMs: number): Error =>
  Object.assign(new Error(`${host}:${port} has not answered within ${timeoutMs / 1000} s`), {
    code: "ETIMEDOUT",
  });
