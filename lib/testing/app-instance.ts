/**
 * One of several instances of the app, for tests: the handlers behind their own server, whose port it prints.
 * Arguments: connection string, folder of uploads.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseConfig } from "../config.ts";
import { createHandlers, METHODS } from "../http/handlers.ts";

const [connectionString = "", uploadDir = ""] = process.argv.slice(2);
const handlers = createHandlers(
  parseConfig({
    prisma: {},
    connectionString,
    uploadDir,
    safetyBackupDir: `${uploadDir}-safety`,
    authorize(request) {
      const id = request.headers.get("x-test-user");
      return id === null ? null : { id, name: id, allowed: true };
    },
  }),
);

const server = createServer(async (incoming, outgoing) => {
  const request = toRequest(incoming);
  const method = METHODS.find((it) => it === request.method) ?? "GET";
  const route = new URL(request.url).pathname.replace("/admin/backup/api/", "").split("/");
  const response = await handlers[method](request, { params: Promise.resolve({ route }) });
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (!response.body) return outgoing.end();
  await pipeline(Readable.from(response.body), outgoing).catch(() => {});
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));

function toRequest(incoming: IncomingMessage): Request {
  const { method = "GET", url = "/", headers } = incoming;
  const hasBody = method === "POST" || method === "PATCH";
  // A stream as body requires `duplex`, which is missing in the DOM's types.
  const init: RequestInit & { duplex: "half" } = {
    method,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
    body: hasBody ? (Readable.toWeb(incoming) as ReadableStream<Uint8Array>) : null,
    duplex: "half",
  };
  return new Request(new URL(url, "http://127.0.0.1"), init);
}
