import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";

export interface Measurement {
  elapsedMs: number;
  /** Highest resident set size of the process. Null if the system does not report it (only Linux does). */
  peakRssBytes: number | null;
}

const SAMPLE_EVERY_MS = 20;

/** Runs a program until it exits and measures it from outside. @throws Error with its stderr if it fails */
export async function measure(
  file: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Measurement> {
  const startedAt = performance.now();
  const child = spawn(file, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  const stderr: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  let peakRssBytes: number | null = null;
  const sampling = setInterval(async () => {
    peakRssBytes = Math.max(peakRssBytes ?? 0, (await readPeakRss(child.pid)) ?? 0) || null;
  }, SAMPLE_EVERY_MS);
  try {
    const code = await new Promise<number | null>((resolve, reject) =>
      child.on("error", reject).on("close", resolve),
    );
    if (code !== 0)
      throw new Error(`${file} ${args[0]} failed: ${Buffer.concat(stderr).toString()}`);
    return { elapsedMs: performance.now() - startedAt, peakRssBytes };
  } finally {
    clearInterval(sampling);
  }
}

/** Reads the kernel's own maximum, so a sample now and then is enough. */
async function readPeakRss(pid: number | undefined): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

export const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

export const percentile = (values: number[], percent: number): number =>
  values.toSorted((a, b) => a - b)[
    Math.min(values.length - 1, Math.floor((values.length * percent) / 100))
  ] ?? Number.NaN;
