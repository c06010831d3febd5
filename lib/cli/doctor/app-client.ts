import { setTimeout as sleep } from "node:timers/promises";

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body, if it is JSON. */
  json: unknown;
  /** The code, if it is an error of this add-on, else null. */
  code: string | null;
}

export interface AskOptions {
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | string;
}

export type AskApp = (
  method: string,
  /** Null for the page itself. */
  route: string | null,
  options?: AskOptions,
) => Promise<Answer>;

const TIMEOUT_MS = 60_000;

/**
 * Returns a function that calls a running app's handlers as the panel does, and throws if nothing answers. It follows
 * only the redirect that adds a slash to the address. @param app the page's address:
 * `http://localhost:3000/admin/backup`
 */
export function appClient(app: URL, signal?: AbortSignal): AskApp {
  let slash = "";
  return async function ask(method, route, { headers = {}, body } = {}) {
    const path = route === null ? "" : `/api/${route}`;
    const url = new URL(`${app.pathname.replace(/\/+$/, "")}${path}${slash}`, app);
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, {
      method,
      headers: { accept: "application/json", origin: url.origin, ...headers },
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body === undefined ? {} : { body }),
    });
    const location = response.headers.get("location");
    const target = location === null ? null : URL.parse(location, url);
    if (slash === "" && response.status === 308 && target?.pathname === `${url.pathname}/`) {
      await response.body?.cancel();
      slash = "/";
      return ask(method, route, { headers, ...(body === undefined ? {} : { body }) });
    }
    const text = await response.text();
    const json = parse(text);
    return { status: response.status, headers: response.headers, text, json, code: codeOf(json) };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const property = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

function codeOf(json: unknown): string | null {
  const code = property(property(json, "error"), "code");
  return typeof code === "string" ? code : null;
}

/** The message of an error of this add-on, else only the status. */
export function explain({ status, json, headers }: Answer): string {
  const message = property(property(json, "error"), "message");
  if (typeof message === "string") return `${message} (${status})`;
  const server = headers.get("server");
  return `status ${status}${server ? ` from ${server}` : ""}`;
}

/** Tries again after a moment. The app may have refused a body during its transfer and closed the connection. */
export async function patiently<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch {
    await sleep(200);
    return run();
  }
}
