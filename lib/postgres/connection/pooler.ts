import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { BackupError } from "../../errors.ts";
import { DIRECT_HINT } from "./connect-failure.ts";
import { OwnClient } from "./own-client.ts";

/** What is between this process and PostgreSQL. */
export type Access = "direct" | "session pooler" | "transaction pooler";

/** How long the check waits: a session pooler may have no connection left for the second client. */
const ANSWER_MS = 5_000;

/**
 * Finds out whether connections reach PostgreSQL itself. A pooler gives its clients process IDs that it made up. A
 * transaction pooler lets two clients use one server process in turn, or one client several processes. The check
 * changes no setting: a setting would stay with the server process and affect the app's next transaction.
 */
export async function recogniseAccess(config: pg.ClientConfig): Promise<Access> {
  await using a = await open(config);
  const first = await serverProcess(a.client);
  if (first === a.client.processID) return "direct";
  if (knownRemedy(a.client)) return "transaction pooler";
  await using b = await open(config, ANSWER_MS);
  // Each client asks twice in a row. This shows a change of process whether the pooler next gives out the one used last
  // or the one unused longest.
  for (const turn of ["a", "b", "b", "a", "a", "b", "b", "a"]) {
    const process = await serverProcess(turn === "a" ? a.client : b.client).catch(
      (error: unknown) => {
        if (turn === "a") throw error;
        return null;
      },
    );
    // The second client gets no answer while the first one is idle, so the first one keeps its connection.
    if (process === null) return "session pooler";
    if ((process === first) !== (turn === "a")) return "transaction pooler";
  }
  return "session pooler";
}

/** @throws CONFIG_INVALID if a transaction pooler is in between */
export async function requireSessions(config: pg.ClientConfig): Promise<void> {
  if ((await recogniseAccess(config)) === "transaction pooler") throw transactionPooler(config);
}

function transactionPooler(config: pg.ClientConfig): BackupError {
  const { host, port } = new pg.Client(config);
  return new BackupError(
    "CONFIG_INVALID",
    `At ${host}:${port} is a transaction pooler, which may run each transaction in another session. Backups and restores need one of their own. Nothing has been done.`,
    {
      hint: `${DIRECT_HINT}${knownRemedy({ host, port })} The app itself can stay with the pooler.`,
    },
  );
}

/** For poolers that are known by their address. A name such as db-pooler.shop.svc tells nothing about the mode. */
export function knownRemedy({ host, port }: { host: string; port: number }): string {
  if (/(^|\.)(supabase\.(com|co))$/.test(host) && port === 6543) {
    return " At Supabase that is port 5432 instead of 6543.";
  }
  if (/^[^.]+-pooler\.(?:[^.]+\.)*neon\.(?:tech|build)$/.test(host))
    return " At Neon that is the same host without “-pooler”.";
  return "";
}

async function open(config: pg.ClientConfig, queryTimeoutMs?: number) {
  const client = new OwnClient(config, { queryTimeoutMs });
  await client.connect();
  return {
    client,
    async [Symbol.asyncDispose]() {
      // When `end()` returns, the server has closed the connection; a role may be allowed only one. But `end()` would
      // wait forever for a statement that is never answered.
      await Promise.race([client.end(), setTimeout(1000, undefined, { ref: false })]);
      client.connection.stream.destroy();
    },
  };
}

async function serverProcess(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_catalog.pg_backend_pid() AS pid");
  return Number(rows[0]?.pid);
}
