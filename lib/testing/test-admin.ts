/** A mounted add-on for tests: the real handlers, called with real requests. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type BackupAdminOptions, parseConfig, type Visitor } from "../config.ts";
import { createHandlers, type METHODS } from "../http/handlers.ts";
import { type ErrorResponse, isEnded, type Operation, type TableName } from "../shared/api.ts";
import { until } from "./patience.ts";

export const ORIGIN = "https://shop.example";

const VISITORS: Record<string, Visitor> = {
  ada: { id: "ada", name: "Ada Admin", allowed: true },
  bob: { id: "bob", name: "Bob Boss", allowed: true },
  clerk: { id: "clerk", name: "Carl Clerk", allowed: false },
};

export interface CallOptions {
  /** Who sends the request. `null`: nobody is signed in. Default ada. */
  user?: string | null;
  json?: unknown;
  body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  headers?: Record<string, string>;
}

export type TestAdmin = Awaited<ReturnType<typeof createTestAdmin>>;

/**
 * @param options.uploadDir default: a new folder, removed on disposal
 * @param options.send sends requests elsewhere than to the handlers of this process
 */
export async function createTestAdmin(
  options: Partial<BackupAdminOptions> & {
    url: string;
    send?: (request: Request) => Promise<Response>;
  },
) {
  const { url, send, ...rest } = options;
  const folder = options.uploadDir
    ? null
    : await mkdtemp(path.join(os.tmpdir(), "backup-admin-test-"));
  const uploadDir = folder ? path.join(folder, "uploads") : options.uploadDir;
  if (!uploadDir) throw new Error("an empty uploadDir");
  // Next to the folder for uploads, because tests check what that folder contains.
  const safetyBackupDir = options.safetyBackupDir ?? `${uploadDir}-safety`;
  const log: string[] = [];
  const handlers = createHandlers(
    parseConfig({
      prisma: {},
      connectionString: url,
      authorize: (request) => VISITORS[request.headers.get("x-test-user") ?? ""] ?? null,
      uploadDir,
      safetyBackupDir,
      logger: { error: (...parts) => log.push(parts.map(String).join(" ")) },
      ...rest,
    }),
  );

  async function call(
    method: (typeof METHODS)[number],
    route: string,
    { user = "ada", json, body, headers = {} }: CallOptions = {},
  ): Promise<Response> {
    // A stream as body requires `duplex`, which is missing in the DOM's types.
    const init: RequestInit & { duplex: "half" } = {
      method,
      headers: {
        host: new URL(ORIGIN).host,
        origin: ORIGIN,
        ...(user === null ? {} : { "x-test-user": user }),
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: json === undefined ? body : JSON.stringify(json),
      duplex: "half",
    };
    const request = new Request(`${ORIGIN}/admin/backup/api/${route}`, init);
    if (send) return send(request);
    return handlers[method](request, {
      params: Promise.resolve({ route: route.split("?")[0]?.split("/").filter(Boolean) }),
    });
  }

  async function ok<Result = Operation>(
    method: (typeof METHODS)[number],
    route: string,
    callOptions?: CallOptions,
  ): Promise<Result> {
    const response = await call(method, route, callOptions);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
    return JSON.parse(text) as Result;
  }

  /** Returns the error of a request that has to fail. */
  async function fail(
    method: (typeof METHODS)[number],
    route: string,
    callOptions?: CallOptions,
  ): Promise<ErrorResponse["error"] & { status: number }> {
    const response = await call(method, route, callOptions);
    if (response.ok) throw new Error(`${method} ${route} did not fail: ${response.status}`);
    const { error } = (await response.json()) as ErrorResponse;
    return { status: response.status, ...error };
  }

  /** Uploads in two chunks, as the browser does. @returns the upload's id */
  async function upload(archive: Uint8Array, user = "ada"): Promise<string> {
    const created = await call("POST", "uploads", {
      user,
      headers: { ...TUS, "upload-length": String(archive.length), "upload-metadata": FILE_NAME },
    });
    if (created.status !== 201) throw new Error(`${created.status} ${await created.text()}`);
    const id = created.headers.get("location")?.split("/").at(-1) ?? "";
    const middle = Math.floor(archive.length / 2);
    for (const [from, to] of [
      [0, middle],
      [middle, archive.length],
    ] as const) {
      const patched = await call("PATCH", `uploads/${id}`, {
        user,
        body: Uint8Array.from(archive.subarray(from, to)),
        headers: { ...CHUNK, "upload-offset": String(from) },
      });
      if (patched.status !== 204) throw new Error(`${patched.status} ${await patched.text()}`);
    }
    return id;
  }

  /** Makes a backup of these tables, or of all. @returns the zip */
  async function backup(
    encryption: unknown = { mode: "none" },
    tables?: TableName[],
  ): Promise<Uint8Array> {
    const { id } = await ok("POST", "backups", { json: { encryption, tables } });
    const response = await call("GET", `backups/${id}/archive`);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Waits until an operation is in one of the states. */
  async function reach(id: string, ...states: Operation["state"][]): Promise<Operation> {
    const operation = await until(`operation ${id} is ${states.join(" or ")}`, async () => {
      const now = await ok("GET", `operations/${id}`);
      return states.includes(now.state) || isEnded(now.state) ? now : null;
    });
    if (states.includes(operation.state)) return operation;
    throw new Error(`operation ${id} ${operation.state}: ${JSON.stringify(operation.error)}`);
  }

  return {
    call,
    ok,
    fail,
    upload,
    backup,
    reach,
    uploadDir,
    safetyBackupDir,
    log,
    async [Symbol.asyncDispose]() {
      // An operation that was broken off may still write its last data.
      if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export const TUS = { "tus-resumable": "1.0.0" };
export const CHUNK = { ...TUS, "content-type": "application/offset+octet-stream" };
const FILE_NAME = `filename ${Buffer.from("../my backup.zip").toString("base64")}`;

/** A small shop: a parent, a child and a sequence. */
export const SHOP_SQL = `
  CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL);
  CREATE TABLE orders (id bigserial PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, total numeric(12, 2));
  INSERT INTO customers (name) SELECT 'Customer ' || i FROM generate_series(1, 50) i;
  INSERT INTO orders (customer_id, total) SELECT 1 + i % 50, i * 1.10 FROM generate_series(1, 500) i;`;
