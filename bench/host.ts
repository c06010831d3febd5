/**
 * A process like the app's, for measuring: the add-on's handlers behind an HTTP server. It answers each message with
 * its figures since the last message. Arguments: connection string, folder of uploads.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import "../lib/testing/app-instance.ts";

/** The process' figures between two messages. */
export interface HostFigures {
  eventLoopDelayP99Ms: number;
  peakRssBytes: number;
}

const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let peakRssBytes = 0;
setInterval(() => {
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
}, 20);

process.on("message", () => {
  // The histogram includes its own period in each delay.
  const eventLoopDelayP99Ms = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS);
  process.send?.({ eventLoopDelayP99Ms, peakRssBytes } satisfies HostFigures);
  delay.reset();
  peakRssBytes = process.memoryUsage.rss();
});
process.on("disconnect", () => process.exit());
