import { fork } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, openAsBlob } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import type { Operation } from "../lib/shared/api.ts";
import { UPLOAD_CHUNK_BYTES } from "../lib/shared/limits.ts";
import { ROOT } from "../scripts/run.ts";
import type { HostFigures } from "./host.ts";
import { percentile } from "./measure.ts";

/** The app's process during a backup or restore. */
interface Load {
  eventLoopDelayP99Ms: number;
  growthBytes: number;
  /** The time of other requests meanwhile, as a multiple of their time when nothing runs. */
  othersP95: number;
}

export interface WebFigures {
  firstByteMs: number;
  backup: Load;
  restore: Load;
}

const PING_EVERY_MS = 20;
const IDLE_MS = 3000;
const PERSON = { "x-test-user": "ada", "sec-fetch-site": "same-origin" };

/** Backs up a database and restores it as a browser would, and measures the app's process meanwhile. */
export async function measureHost(
  url: string,
  folder: string,
  { recipient, identity }: { recipient: string; identity: string },
): Promise<WebFigures> {
  const uploads = join(folder, "uploads");
  await mkdir(uploads, { recursive: true });
  await using host = await startHost(url, uploads);
  const { api, send, ask, reach } = host;
  // Warm up, because what the first request loads must not count for a backup.
  await host.watch(() => setTimeout(500));
  const idle = await host.watch(() => setTimeout(IDLE_MS));

  const zip = join(folder, "web.zip");
  let firstByteMs = Number.NaN;
  const backup = await host.watch(async () => {
    const encryption = { mode: "recipients", recipients: [recipient] };
    const { id } = await ask("POST", "backups", { encryption });
    const startedAt = performance.now();
    const response = await send("GET", `backups/${id}/archive`);
    const body = Readable.fromWeb(response.body as never);
    body.once("data", () => {
      firstByteMs = performance.now() - startedAt;
    });
    await pipeline(body, createWriteStream(zip));
  });

  const uploadId = await upload(api, zip);
  const confirmation = new URL(url).pathname.slice(1);
  const restore = await host.watch(async () => {
    const { id } = await ask("POST", "restores", { uploadId, identity });
    await reach(id, "ready");
    await send("POST", `restores/${id}/start`, { confirmation });
    await reach(id, "succeeded");
  });
  const against = ({ eventLoopDelayP99Ms, peakRssBytes, p95Ms }: typeof backup): Load => ({
    eventLoopDelayP99Ms,
    growthBytes: peakRssBytes - idle.peakRssBytes,
    othersP95: p95Ms / idle.p95Ms,
  });
  return { firstByteMs, backup: against(backup), restore: against(restore) };
}

/** Starts a process like the app's. It ends when it is disposed of. */
async function startHost(url: string, uploads: string) {
  const child = fork(join(ROOT, "bench/host.ts"), [url, uploads], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const [port] = (await once(child.stdout ?? child, "data")) as [Buffer];
  const api = `http://127.0.0.1:${String(port).trim()}/admin/backup/api`;

  async function send(method: string, route: string, json?: unknown): Promise<Response> {
    const headers = { ...PERSON, "content-type": "application/json" };
    const body = json === undefined ? undefined : JSON.stringify(json);
    const response = await fetch(`${api}/${route}`, { method, headers, body });
    if (!response.ok) throw new Error(`${method} ${route}: ${await response.text()}`);
    return response;
  }
  const ask = async (...request: Parameters<typeof send>): Promise<Operation> =>
    (await send(...request)).json();

  async function figures(): Promise<HostFigures> {
    const answer = once(child, "message");
    child.send("figures");
    const [found] = (await answer) as [HostFigures];
    return found;
  }
  return {
    api,
    send,
    ask,
    /** Measures a request that is refused at once, so it only waits for the event loop. */
    async watch(work: () => Promise<unknown>): Promise<HostFigures & { p95Ms: number }> {
      await figures();
      const times: number[] = [];
      let isOver = false;
      const pinging = (async () => {
        while (!isOver) {
          const startedAt = performance.now();
          await (await fetch(`${api}/overview`)).arrayBuffer();
          times.push(performance.now() - startedAt);
          await setTimeout(PING_EVERY_MS);
        }
      })();
      await work().finally(() => {
        isOver = true;
      });
      await pinging;
      return { ...(await figures()), p95Ms: percentile(times, 95) };
    },
    async reach(id: string, state: Operation["state"]): Promise<void> {
      for (;;) {
        const operation = await ask("GET", `operations/${id}`);
        if (operation.state === state) return;
        if (operation.error) throw new Error(JSON.stringify(operation.error));
        await setTimeout(250);
      }
    },
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await once(child, "exit");
    },
  };
}

async function upload(api: string, path: string): Promise<string> {
  const file = await openAsBlob(path);
  const tus = { ...PERSON, "tus-resumable": "1.0.0" };
  const fileName = `filename ${Buffer.from("backup.zip").toString("base64")}`;
  const created = await fetch(`${api}/uploads`, {
    method: "POST",
    headers: { ...tus, "upload-length": String(file.size), "upload-metadata": fileName },
  });
  const id = created.headers.get("location")?.split("/").at(-1);
  if (!id) throw new Error(`upload: ${created.status} ${await created.text()}`);
  for (let from = 0; from < file.size; from += UPLOAD_CHUNK_BYTES) {
    const sent = await fetch(`${api}/uploads/${id}`, {
      method: "PATCH",
      headers: {
        ...tus,
        "content-type": "application/offset+octet-stream",
        "upload-offset": String(from),
      },
      body: await file.slice(from, from + UPLOAD_CHUNK_BYTES).arrayBuffer(),
    });
    if (!sent.ok) throw new Error(`upload: ${sent.status} ${await sent.text()}`);
  }
  return id;
}
