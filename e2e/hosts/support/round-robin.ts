import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";

/** A request and the instance that received it. */
interface Routed {
  method: string;
  path: string;
  instance: number;
}

/** One address in front of several instances of an app, like a load balancer without sticky sessions. */
export interface RoundRobin extends AsyncDisposable {
  url: string;
  requests: Routed[];
  /** Sends the matching requests to one instance only, as may happen by chance. */
  pin(method: string, path: RegExp, instance: number): void;
}

/** Sends each request to the next instance in turn. An instance that refuses connections is skipped. */
export async function startRoundRobin(port: number, ports: number[]): Promise<RoundRobin> {
  const requests: Routed[] = [];
  const pins: Array<{ method: string; path: RegExp; instance: number }> = [];
  let turn = 0;

  const server = createServer((incoming, outgoing) => {
    const { method = "", url = "" } = incoming;
    const pinned = pins.find((it) => it.method === method && it.path.test(url));
    const first = pinned?.instance ?? turn++ % ports.length;
    const others = ports.map((_, index) => (first + index) % ports.length);
    const tryNext = () => {
      const instance = others.shift();
      if (instance === undefined) return outgoing.writeHead(503).end();
      forward(incoming, outgoing, ports[instance] ?? 0, {
        onConnect: () => requests.push({ method, path: url, instance }),
        onRefused: tryNext,
      });
    };
    tryNext();
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    pin: (method, path, instance) => void pins.unshift({ method, path, instance }),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      // A page that is still open goes on asking on a connection that came in meanwhile.
      const timer = setInterval(() => server.closeAllConnections(), 100);
      await closed;
      clearInterval(timer);
    },
  };
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  port: number,
  { onConnect, onRefused }: { onConnect(): void; onRefused(): void },
): void {
  const { method, url, headers } = incoming;
  let connected = false;
  const upstream = request({
    host: "127.0.0.1",
    port,
    method,
    path: url,
    headers: {
      ...headers,
      "x-forwarded-host": headers.host,
      "x-forwarded-proto": "http",
      "x-forwarded-for": "127.0.0.1",
    },
    // Use a separate connection, so that no part of the body is read before a reader exists.
    agent: false,
  });
  upstream.once("socket", (socket) =>
    socket.once("connect", () => {
      connected = true;
      onConnect();
      pipeline(incoming, upstream, () => {});
    }),
  );
  upstream.once("response", (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    pipeline(response, outgoing, () => {});
  });
  upstream.on("error", () => {
    if (!connected) return onRefused();
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end();
  });
  outgoing.once("close", () => upstream.destroy());
}
