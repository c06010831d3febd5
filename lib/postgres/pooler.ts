import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { BackupError } from "../errors.ts";
import { DIRECT_HINT } from "./connect-failure.ts";
import { OwnClient } from "./own-client.ts";

/** What stands between this process and PostgreSQL. */
export type Access = "direct" | "session pooler" | "transaction pooler";

/** A pooler in session mode that has no connection left for the second one has the first wait no longer than this. */
const ANSWER_MS = 5_000;

/**
 * Whether connections reach PostgreSQL itself. A pooler gives its own process numbers to its clients; one that works
 * by transaction lets two clients use one server process in turn, or one client several. Changes no setting: a setting
 * would stay with the server process, and be that of the app's next transaction.
 */
export async function recogniseAccess(config: pg.ClientConfig): Promise<Access> {
  await using a = await open(config);
  const first = await serverProcess(a.client);
  if (first === a.client.processID) return "direct";
  if (knownRemedy(a.client)) return "transaction pooler";
  await using b = await open(config, ANSWER_MS);
  // Twice in a row each: whichever process a pooler gives next, the last one or the one longest unused, it is seen.
  for (const turn of ["a", "b", "b", "a", "a", "b", "b", "a"]) {
    const process = await serverProcess(turn === "a" ? a.client : b.client).catch(
      (error: unknown) => {
        if (turn === "a") throw error;
        return null;
      },
    );
    // Nobody serves the second client while the first does nothing.
    if (process === null) return "session pooler";
    if ((process === first) !== (turn === "a")) return "transaction pooler";
  }
  return "session pooler";
}

/** @throws CONFIG_INVALID where it is a pooler that works by transaction */
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

/** Of pools that are known by their address: a name of one's own, as db-pooler.shop.svc, says nothing of its mode. */
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
      // A role may have only one connection: the server has let go of it when `end()` returns. It would wait for ever
      // for a statement that nobody answers.
      await Promise.race([client.end(), setTimeout(1000, undefined, { ref: false })]);
      client.connection.stream.destroy();
    },
  };
}

async function serverProcess(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_catalog.pg_backend_pid() AS pid");
  return Number(rows[0]?.pid);
}
