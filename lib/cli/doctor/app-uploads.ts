import { createHash, randomBytes } from "node:crypto";
import { formatBytes } from "../../shared/format.ts";
import { UPLOAD_CHUNK_BYTES } from "../../shared/limits.ts";
import { type Answer, type AskApp, type AskOptions, explain, patiently } from "./app-client.ts";
import type { Report } from "./finding.ts";

const TOTAL_BYTES = 12 * 2 ** 20;
const TUS = { "tus-resumable": "1.0.0" };

type Outcome =
  | { arrived: "whole" }
  | { arrived: "cut"; storedBytes: number }
  | { arrived: "altered" }
  | { arrived: "lost"; answer: Answer }
  | { arrived: "refused"; answer: Answer }
  | { arrived: "broken"; reason: string };

/** Uploads 12 MB as the page does, then again in one request, and compares what the server received. */
export async function checkUploads(
  { ok, note, problem }: Report,
  ask: AskApp,
  cookie: string,
): Promise<void> {
  // Random bytes cannot be compressed and reveal nothing.
  const content = randomBytes(TOTAL_BYTES);
  const size = formatBytes(TOTAL_BYTES);
  const chunk = formatBytes(UPLOAD_CHUNK_BYTES);

  const inChunks = await upload(ask, cookie, content, UPLOAD_CHUNK_BYTES);
  if (inChunks.arrived !== "whole") {
    problem(
      "BODIES",
      `An upload of ${size} in chunks of ${chunk} ${describe(inChunks)}.`,
      remedy(inChunks),
    );
    return;
  }
  ok(
    "BODIES",
    `An upload of ${size} in chunks of ${chunk}, as the page sends them, arrived whole: the checksums agree.`,
  );

  const atOnce = await upload(ask, cookie, content, TOTAL_BYTES);
  if (atOnce.arrived === "whole") ok("LARGE_BODIES", `So did ${size} in one piece.`);
  else {
    note(
      "LARGE_BODIES",
      `An upload of ${size} in one piece ${describe(atOnce)}.`,
      "You need to do nothing: the page sends smaller chunks. Other parts of your app that take large bodies may be affected.",
    );
  }
}

async function upload(
  ask: AskApp,
  cookie: string,
  content: Buffer<ArrayBuffer>,
  chunkBytes: number,
): Promise<Outcome> {
  const headers = { ...TUS, cookie };
  const created = await ask("POST", "uploads", {
    headers: {
      ...headers,
      "upload-length": String(content.length),
      "upload-metadata": `filename ${btoa("doctor.zip")}`,
    },
  });
  if (created.status !== 201) return { arrived: "refused", answer: created };
  const id = created.headers.get("location")?.replace(/\/$/, "").split("/").at(-1) ?? "";
  const askUpload: AskUpload = (method, options) =>
    ask(method, `uploads/${id}`, { ...options, headers: { ...headers, ...options?.headers } });
  try {
    return await send(askUpload, content, chunkBytes);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { arrived: "broken", reason: cause instanceof Error ? cause.message : "unknown reason" };
  } finally {
    await patiently(() => askUpload("DELETE")).catch(() => {});
  }
}

type AskUpload = (method: string, options?: AskOptions) => Promise<Answer>;

async function send(
  ask: AskUpload,
  content: Buffer<ArrayBuffer>,
  chunkBytes: number,
): Promise<Outcome> {
  for (let offset = 0; offset < content.length; offset += chunkBytes) {
    const answer = await ask("PATCH", {
      headers: {
        "content-type": "application/offset+octet-stream",
        "upload-offset": String(offset),
      },
      body: content.subarray(offset, offset + chunkBytes),
    });
    const end = Math.min(offset + chunkBytes, content.length);
    const storedBytes = Number(answer.headers.get("upload-offset"));
    if (answer.code === "UPLOAD_CUT_SHORT")
      return { arrived: "cut", storedBytes: await offsetOf(ask) };
    if (answer.code === "UPLOAD_NOT_FOUND") return { arrived: "lost", answer };
    if (answer.status !== 204) return { arrived: "refused", answer };
    if (storedBytes !== end) return { arrived: "cut", storedBytes };
  }
  const storedBytes = await offsetOf(ask);
  if (storedBytes !== content.length) return { arrived: "cut", storedBytes };
  const stored = await ask("GET");
  if (stored.status !== 200) return { arrived: "lost", answer: stored };
  const digest = createHash("sha256").update(content).digest("hex");
  return stored.text.includes(`"${digest}"`) ? { arrived: "whole" } : { arrived: "altered" };
}

const offsetOf = async (ask: AskUpload): Promise<number> =>
  Number((await ask("HEAD")).headers.get("upload-offset"));

function describe(outcome: Outcome): string {
  switch (outcome.arrived) {
    case "whole":
      return "arrived whole";
    case "cut":
      return `was cut on its way: ${formatBytes(outcome.storedBytes)} of it arrived`;
    case "altered":
      return "was altered on its way: the checksums differ";
    case "lost":
      return "was lost after its beginning";
    case "refused":
      return `was refused: ${explain(outcome.answer)}`;
    case "broken":
      return `was broken off: ${outcome.reason}`;
    default:
      throw outcome satisfies never;
  }
}

function remedy(outcome: Outcome): string {
  switch (outcome.arrived) {
    case "cut":
      return "Leave the page's address out of the `matcher` of proxy.ts or middleware.ts, or raise `experimental.proxyClientMaxBodySize` in the Next config to 5mb or more.";
    case "lost":
      return "Several instances of the app do not share their folder for uploads: give createBackupAdmin an `uploadDir` on a volume that all of them have.";
    case "refused":
      if (outcome.answer.status === 413 && outcome.answer.code === null)
        return "Something before the app refuses bodies of that size. In nginx: client_max_body_size 8m; other proxies and hosts have such a limit too.";
      return "The message and the app's log tell the reason.";
    default:
      return "Look for a proxy, a firewall or a time limit between here and the app.";
  }
}
