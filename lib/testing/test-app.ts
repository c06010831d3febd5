/** A running app for tests: a real HTTP server with the add-on's real route handlers. */

import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { onTestFinished } from "vitest";
import { type Authorize, type BackupAdminOptions, parseConfig } from "../config.ts";
import { createHandlers, type RouteHandlers } from "../http/handlers.ts";
import { SECURITY_HEADERS } from "../shared/security-headers.ts";

export const COOKIE = "session=ada";
const MOUNT = "/admin/backup";
const PAGE_HEADERS = Object.fromEntries(SECURITY_HEADERS.map(({ key, value }) => [key, value]));

export interface TestAppOptions {
  url: string;
  authorize?: Authorize;
  config?: Partial<BackupAdminOptions>;
  /** How many instances answer in turn, each with its own folder for uploads. Default 1. */
  instances?: number;
  /** A proxy in front of the app, like nginx, refuses larger bodies. */
  maxBodyBytes?: number;
  /** A layer between the app and its handlers passes only this much of a body on, without an error. */
  cutBodyBytes?: number;
  /** Redirects requests without a session to a sign-in page, as a host's proxy.ts may. */
  redirects?: boolean;
  /** Behaves like Next's `trailingSlash`. */
  trailingSlash?: boolean;
  /** Headers of the page. Default: those in the documentation. */
  pageHeaders?: Record<string, string>;
}

/** @returns the address of its page */
export async function startApp(options: TestAppOptions): Promise<string> {
  const instances = await Promise.all(
    Array.from({ length: options.instances ?? 1 }, () => createInstance(options)),
  );
  let turn = 0;
  const server = createServer((incoming, response) => {
    const instance = instances[turn++ % instances.length];
    if (instance) void answer(instance, options, incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}${MOUNT}`;
}

async function createInstance({ url, authorize, config }: TestAppOptions): Promise<RouteHandlers> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "doctor-app-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return createHandlers(
    parseConfig({
      prisma: {},
      connectionString: url,
      authorize:
        authorize ??
        ((request) =>
          request.headers.get("cookie") === COOKIE
            ? { id: "ada", name: "Ada", allowed: true }
            : null),
      uploadDir: path.join(folder, "uploads"),
      logger: { error() {} },
      ...config,
    }),
  );
}

async function answer(
  handlers: RouteHandlers,
  options: TestAppOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host}`);
  const { method = "GET" } = incoming;
  const end = (status: number, headers: Record<string, string> = {}) => {
    incoming.resume();
    response
      .writeHead(status, headers)
      .end(status === 413 ? "<h1>413 Request Entity Too Large</h1>" : "");
  };
  const { maxBodyBytes = Infinity, cutBodyBytes = Infinity } = options;
  if (options.trailingSlash && !url.pathname.endsWith("/"))
    return end(308, { location: `${url.pathname}/` });
  if (Number(incoming.headers["content-length"] ?? 0) > maxBodyBytes)
    return end(413, { server: "nginx/1.27.0", connection: "close" });
  if (options.redirects && incoming.headers.cookie !== COOKIE)
    return end(307, { location: "/sign-in" });
  if (url.pathname.replace(/\/$/, "") === MOUNT)
    return end(200, { "content-type": "text/html", ...(options.pageHeaders ?? PAGE_HEADERS) });
  if (!url.pathname.startsWith(`${MOUNT}/api/`)) return end(404);

  const route = url.pathname.slice(`${MOUNT}/api/`.length).split("/").filter(Boolean);
  const body = ["GET", "HEAD"].includes(method) ? null : cut(incoming, cutBodyBytes);
  const request = new Request(url, {
    method,
    headers: new Headers(incoming.headers as Record<string, string>),
    ...(body ? { body: Readable.toWeb(body) as ReadableStream as never, duplex: "half" } : {}),
  } as RequestInit);
  const handler = handlers[method as keyof RouteHandlers];
  const result = await handler(request, { params: Promise.resolve({ route }) });
  response.writeHead(result.status, Object.fromEntries(result.headers));
  if (result.body) Readable.fromWeb(result.body as ReadableStream).pipe(response);
  else response.end();
}

function cut(incoming: IncomingMessage, maxBytes: number): Readable {
  async function* beginning() {
    let left = maxBytes;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      if (left > 0) yield chunk.subarray(0, left);
      left -= chunk.length;
    }
  }
  return Readable.from(beginning(), { objectMode: false });
}
