/** A transaction pooler for tests, as PgBouncer is one: all its clients take turns on one server connection. */
import { createServer, type Socket } from "node:net";
import pg from "pg";
import { onTestFinished } from "vitest";

const message = (type: string, ...parts: Array<string | Buffer>): Buffer => {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)),
  );
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const int32 = (...values: number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(value);
      return bytes;
    }),
  );

const GREETING = (number: number) =>
  Buffer.concat([
    message("R", int32(0)),
    message("S", "server_version\0", "15.0\0"),
    // Its own numbers, as a pooler's are.
    message("K", int32(900_000 + number, 1)),
    message("Z", "I"),
  ]);

/** @returns a connection string by way of the pooler. Simple queries only. */
export async function startPooler(databaseUrl: string): Promise<string> {
  const upstream = new pg.Client({ connectionString: databaseUrl });
  upstream.on("error", () => {});
  await upstream.connect();
  const { stream } = upstream.connection;
  stream.removeAllListeners("data");
  let asking: Promise<unknown> = Promise.resolve();
  /** One query after the other, whoever asks. */
  const query = (bytes: Buffer) => {
    const answer = asking.then(
      () =>
        new Promise<Buffer>((resolve) => {
          const chunks: Buffer[] = [];
          const onData = (chunk: Buffer) => {
            chunks.push(chunk);
            const all = Buffer.concat(chunks);
            // ReadyForQuery ends each answer.
            if (all.at(-6) !== "Z".charCodeAt(0)) return;
            stream.off("data", onData);
            resolve(all);
          };
          stream.on("data", onData);
          stream.write(bytes);
        }),
    );
    asking = answer;
    return answer;
  };

  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on("error", () => {});
    let pending = Buffer.alloc(0);
    let isStarted = false;
    client.on("data", async (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        const typeBytes = isStarted ? 1 : 0;
        if (pending.length < typeBytes + 4) return;
        const bytes = typeBytes + pending.readInt32BE(typeBytes);
        if (pending.length < bytes) return;
        const request = pending.subarray(0, bytes);
        pending = pending.subarray(bytes);
        if (!isStarted) {
          isStarted = true;
          client.write(GREETING(sockets.size));
        } else if (request.toString("latin1", 0, 1) === "Q") client.write(await query(request));
        else client.end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    stream.destroy();
  });
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as { port: number }).port);
  return url.href;
}
