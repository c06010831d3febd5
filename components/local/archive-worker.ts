/** The worker's entry point. All slow or memory-intensive work happens here, so that the page stays responsive. */
import { config } from "zod/mini";
import { ArchiveProblem } from "./archive-problem.ts";
import { createWorkerMethods } from "./worker-methods.ts";
import type { Failure, FromWorker, ToWorker } from "./worker-protocol.ts";

// Otherwise zod tries `new Function`, which an app's Content Security Policy would report.
config({ jitless: true });

const methods = createWorkerMethods();
const running = new Map<number, AbortController>();

const send = (message: FromWorker) => postMessage(message);

addEventListener("message", async ({ data }: MessageEvent<ToWorker>) => {
  if ("cancel" in data) {
    running.get(data.cancel)?.abort();
    return;
  }
  const { id, method, args } = data;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const result = await methods[method](args as never, {
      signal: controller.signal,
      onProgress: (progress) => send({ id, progress }),
    });
    send({ id, result });
  } catch (error) {
    send({ id, failure: failureOf(error, controller.signal) });
  } finally {
    running.delete(id);
  }
});

function failureOf(error: unknown, signal: AbortSignal): Failure {
  if (signal.aborted) return { name: "cancelled" };
  if (error instanceof ArchiveProblem) return { name: "fault", verdict: error.verdict };
  return { name: "error", message: error instanceof Error ? error.message : String(error) };
}

send({ isReady: true });
