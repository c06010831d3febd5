/**
 * A TCP proxy in front of PostgreSQL, for tests. It sees a restore's requests one by one, and strikes at one of them.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A point in a restore: nothing of a request has arrived, half of it has, or it was answered and the answer got lost.
 */
export interface Point {
  /** From 0, counted from the beginning of the restore's connection. */
  request: number;
  place: (typeof PLACES)[number];
}

export const PLACES = ["before", "within", "answered"] as const;

export interface WatchingProxy extends AsyncDisposable {
  /** The database's connection string, through the proxy. */
  url: string;
  /** The requests of the last restore: the beginning of each statement. */
  requests: string[];
  /**
   * At this point of the next restore, holds everything on its connection and calls `strike`. Afterwards it sends on
   * what it held, if the receiver still exists.
   *
   * @returns once `strike` is done
   */
  strikeAt(point: Point, strike: () => Promise<void>): Promise<void>;
  /** Resolves when the restore's end of its connection is closed, for example after its process was killed. */
  closed(): Promise<void>;
  /** Breaks the connection of the restore, or every connection. */
  cut(which: "restore" | "all"): void;
}

interface Armed {
  point: Point;
  strike: () => Promise<void>;
  done: () => void;
}

export async function createWatchingProxy(databaseUrl: string): Promise<WatchingProxy> {
  const { hostname, port } = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const restoreSockets = new Set<Socket>();
  let armed: Armed | null = null;
  const proxy = { requests: [] as string[] };

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    const reader = new RequestReader();
    let isHeld = false;
    let answer: Buffer[] = [];
    let onAnswer = () => {};

    const pump = () => {
      while (!isHeld) {
        const request = reader.next();
        if (!request) return;
        if (request.isRestore) {
          proxy.requests = [];
          restoreSockets.clear();
          restoreSockets.add(client).add(upstream);
        }
        if (request.statement !== null) {
          const place = armed?.point.request === proxy.requests.length ? armed.point.place : null;
          proxy.requests.push(request.statement);
          if (place) return void strike(place, request.bytes);
        }
        upstream.write(request.bytes);
      }
    };

    async function strike(place: Point["place"], bytes: Buffer): Promise<void> {
      const striking = armed;
      armed = null;
      isHeld = true;
      const sentBytes = { before: 0, within: Math.ceil(bytes.length / 2), answered: bytes.length };
      upstream.write(bytes.subarray(0, sentBytes[place]));
      if (place === "within") await sleep(5);
      if (place === "answered") await new Promise<void>((resolve) => (onAnswer = resolve));
      await striking?.strike();
      isHeld = false;
      upstream.write(bytes.subarray(sentBytes[place]));
      client.write(Buffer.concat(answer));
      answer = [];
      if (upstream.closed) client.end();
      pump();
      striking?.done();
    }

    client.on("data", (chunk) => {
      reader.add(chunk);
      pump();
    });
    upstream.on("data", (chunk) => {
      if (isHeld) answer.push(chunk);
      else client.write(chunk);
      onAnswer();
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => {
      onAnswer();
      if (!isHeld) client.end();
    });
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = new URL(databaseUrl);
  url.port = String(address.port);
  return Object.assign(proxy, {
    url: url.href,
    strikeAt(point: Point, strike: () => Promise<void>) {
      const { promise, resolve: done, reject } = Promise.withResolvers<void>();
      armed = { point, done, strike: () => strike().catch(reject) };
      return promise;
    },
    async closed() {
      await Promise.all(
        [...restoreSockets].map(async (socket) => socket.closed || once(socket, "close")),
      );
    },
    cut(which: "restore" | "all") {
      for (const socket of which === "all" ? sockets : restoreSockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

interface ReadRequest {
  bytes: Buffer;
  /** The statement on a restore's connection. Null for data that belongs to no statement. */
  statement: string | null;
  /** Whether this is the first request of a restore's connection. */
  isRestore: boolean;
}

const QUERY = "Q";
const PARSE = "P";
const BIND = "B";
const SYNC = "S";
const TERMINATE = "X";
const PASSWORD = "p";
const COPY_DONE = "c";
const COPY_FAIL = "f";

/** Splits what a client sends into requests: a simple query, the data of a COPY, or all messages up to a Sync. */
class RequestReader {
  #pending: Buffer = Buffer.alloc(0);
  #isStarted = false;
  #isRestore = false;
  #messages: Buffer[] = [];
  #statement = "";

  add(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
  }

  next(): ReadRequest | null {
    if (!this.#isStarted) {
      // The first message has no type.
      const first = this.#take(0);
      if (!first) return null;
      this.#isStarted = true;
      this.#isRestore = first.includes("prisma-backup-admin restore\0");
      return { bytes: first, statement: null, isRestore: this.#isRestore };
    }
    for (let message = this.#take(1); message; message = this.#take(1)) {
      this.#messages.push(message);
      const type = String.fromCharCode(message[0] ?? 0);
      const text = message.subarray(5).toString("latin1");
      if (type === QUERY || type === TERMINATE) this.#statement = text || "Terminate";
      if (type === PARSE) this.#statement = text.slice(text.indexOf("\0") + 1);
      if (type === BIND) this.#statement ||= text.split("\0")[1] ?? "";
      if (type === COPY_DONE || type === COPY_FAIL) this.#statement = "COPY's data";
      if (![QUERY, SYNC, TERMINATE, PASSWORD, COPY_DONE, COPY_FAIL].includes(type)) continue;
      const bytes = Buffer.concat(this.#messages);
      const statement = this.#statement.replaceAll(/\s+/g, " ").replace(/\0.*/s, "").slice(0, 100);
      this.#messages = [];
      this.#statement = "";
      const isCounted = this.#isRestore && type !== PASSWORD;
      return { bytes, statement: isCounted ? statement : null, isRestore: false };
    }
    return null;
  }

  #take(typeBytes: number): Buffer | null {
    if (this.#pending.length < typeBytes + 4) return null;
    const bytes = typeBytes + this.#pending.readInt32BE(typeBytes);
    if (this.#pending.length < bytes) return null;
    const message = this.#pending.subarray(0, bytes);
    this.#pending = this.#pending.subarray(bytes);
    return message;
  }
}
