import pg from "pg";

/** What stands between this process and PostgreSQL. */
export type Access = "direct" | "session pooler" | "transaction pooler";

/** Of Supabase's and Neon's pools in transaction mode, as `host:port`. */
const POOLER_ADDRESS = /:6543$|-pooler\.|:6432$/;

/**
 * Whether connections reach PostgreSQL itself. A pooler gives its own process numbers to its clients; one that works
 * by transaction lets two clients use one server process in turn.
 */
export async function recogniseAccess(config: pg.ClientConfig, server: string): Promise<Access> {
  await using a = await open(config);
  await using b = await open(config);
  const first = await serverProcess(a.client);
  if (first === a.client.processID) return "direct";
  if (POOLER_ADDRESS.test(server)) return "transaction pooler";
  // A pooler may give the next transaction another process, but rarely several times.
  for (let attempt = 0; attempt < 5; attempt++) {
    const mine = await serverProcess(a.client);
    const other = await serverProcess(b.client);
    if (mine === other || mine !== first) return "transaction pooler";
  }
  return "session pooler";
}

async function open(config: pg.ClientConfig) {
  const client = new pg.Client(config);
  client.on("error", () => {});
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end().catch(() => {}) };
}

async function serverProcess(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_catalog.pg_backend_pid() AS pid");
  return rows[0]?.pid;
}
