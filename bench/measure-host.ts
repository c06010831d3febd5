import { fork } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, openAsBlob } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import type { Operation } from "../lib/shared/api.ts";
import { ROOT } from "../scripts/run.ts";
import type { HostFigures } from "./host.ts";
import { percentile } from "./measure.ts";

export interface WebFigures {
  firstByteMs: number;
  backup: { eventLoopDelayP99Ms: number; growthBytes: number; othersP95: number };
  restore: { eventLoopDelayP99Ms: number; growthBytes: number; othersP95: number };
}

const PING_EVERY_MS = 20;
const IDLE_MS = 3000;

/**
 * Backs up a database and restores it as a browser would, and measures the app's process meanwhile. `othersP95` is the
 * duration of other requests at the same time, as a multiple of their duration when nothing runs.
 */
export async function measureHost(
  url: string,
  folder: string,
  { recipient, identity }: { recipient: string; identity: string },
): Promise<WebFigures> {
  const uploads = join(folder, "uploads");
  await mkdir(uploads, { recursive: true });
  const host = fork(join(ROOT, "bench/host.ts"), [url, uploads], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  try {
    const [port] = (await once(host.stdout ?? host, "data")) as [Buffer];
    const origin = `http://127.0.0.1:${String(port).trim()}`;
    const api = `${origin}/admin/backup/api`;
    const person = { "x-test-user": "ada", "sec-fetch-site": "same-origin" };

    async function send(method: string, route: string, json?: unknown): Promise<Response> {
      const headers = { ...person, "content-type": "application/json" };
      const response = await fetch(`${api}/${route}`, {
        method,
        headers,
        body: json === undefined ? undefined : JSON.stringify(json),
      });
      if (!response.ok) throw new Error(`${method} ${route}: ${await response.text()}`);
      return response;
    }
    const ask = async <Result = Operation>(...request: Parameters<typeof send>): Promise<Result> =>
      (await send(...request)).json();

    async function figures(): Promise<HostFigures> {
      const answer = once(host, "message");
      host.send("figures");
      const [found] = (await answer) as [HostFigures];
      return found;
    }

    /** Measures a request that is refused at once, so it only waits for the event loop. */
    async function watch(work: () => Promise<unknown>): Promise<HostFigures & { p95Ms: number }> {
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
    }

    async function reach(id: string, state: Operation["state"]): Promise<void> {
      for (;;) {
        const operation = await ask("GET", `operations/${id}`);
        if (operation.state === state) return;
        if (operation.error) throw new Error(JSON.stringify(operation.error));
        await setTimeout(250);
      }
    }

    // Warm up, because what the first request loads must not count for a backup.
    await watch(() => setTimeout(500));
    const idle = await watch(() => setTimeout(IDLE_MS));

    const zip = join(folder, "web.zip");
    let firstByteMs = Number.NaN;
    const backup = await watch(async () => {
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

    const uploadId = await upload(api, person, zip);
    const name = new URL(url).pathname.slice(1);
    const restore = await watch(async () => {
      const { id } = await ask("POST", "restores", { uploadId, identity });
      await reach(id, "ready");
      await send("POST", `restores/${id}/start`, { confirmation: name });
      await reach(id, "succeeded");
    });
    const against = (found: typeof backup) => ({
      eventLoopDelayP99Ms: found.eventLoopDelayP99Ms,
      growthBytes: found.peakRssBytes - idle.peakRssBytes,
      othersP95: found.p95Ms / idle.p95Ms,
    });
    return { firstByteMs, backup: against(backup), restore: against(restore) };
  } finally {
    host.disconnect();
    await once(host, "exit");
  }
}

const CHUNK_BYTES = 4 * 1024 * 1024;

async function upload(api: string, person: Record<string, string>, path: string): Promise<string> {
  const file = await openAsBlob(path);
  const tus = { ...person, "tus-resumable": "1.0.0" };
  const fileName = `filename ${Buffer.from("backup.zip").toString("base64")}`;
  const created = await fetch(`${api}/uploads`, {
    method: "POST",
    headers: { ...tus, "upload-length": String(file.size), "upload-metadata": fileName },
  });
  const id = created.headers.get("location")?.split("/").at(-1);
  if (!id) throw new Error(`upload: ${created.status} ${await created.text()}`);
  for (let from = 0; from < file.size; from += CHUNK_BYTES) {
    const sent = await fetch(`${api}/uploads/${id}`, {
      method: "PATCH",
      headers: {
        ...tus,
        "content-type": "application/offset+octet-stream",
        "upload-offset": String(from),
      },
      body: await file.slice(from, from + CHUNK_BYTES).arrayBuffer(),
    });
    if (!sent.ok) throw new Error(`upload: ${sent.status} ${await sent.text()}`);
  }
  return id;
}
