import { createHash, randomBytes } from "node:crypto";
import { formatBytes } from "../../shared/format.ts";
import { UPLOAD_CHUNK_BYTES } from "../../shared/limits.ts";
import { type Answer, type AskApp, type AskOptions, explain, patiently } from "./app-client.ts";
import type { Report } from "./finding.ts";

const TOTAL_BYTES = 12 * 2 ** 20;
const TUS = { "tus-resumable": "1.0.0" };

/** How an upload failed, and what to do. */
interface Failure {
  what: string;
  remedy: string;
}

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
  if (inChunks) {
    const { what, remedy } = inChunks;
    return problem("BODIES", `An upload of ${size} in chunks of ${chunk} ${what}.`, remedy);
  }
  ok(
    "BODIES",
    `An upload of ${size} in chunks of ${chunk}, as the page sends them, arrived whole: the checksums agree.`,
  );
  const atOnce = await upload(ask, cookie, content, TOTAL_BYTES);
  if (!atOnce) return ok("LARGE_BODIES", `So did ${size} in one piece.`);
  note(
    "LARGE_BODIES",
    `An upload of ${size} in one piece ${atOnce.what}.`,
    "You need to do nothing: the page sends smaller chunks. Other parts of your app that take large bodies may be affected.",
  );
}

/** @returns null if the upload arrived whole */
async function upload(
  ask: AskApp,
  cookie: string,
  content: Buffer<ArrayBuffer>,
  chunkBytes: number,
): Promise<Failure | null> {
  const headers = { ...TUS, cookie };
  const created = await ask("POST", "uploads", {
    headers: {
      ...headers,
      "upload-length": String(content.length),
      "upload-metadata": `filename ${btoa("doctor.zip")}`,
    },
  });
  if (created.status !== 201) return refused(created);
  const id = created.headers.get("location")?.replace(/\/$/, "").split("/").at(-1) ?? "";
  const askUpload: AskUpload = (method, options) =>
    ask(method, `uploads/${id}`, { ...options, headers: { ...headers, ...options?.headers } });
  try {
    return await send(askUpload, content, chunkBytes);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : "unknown reason";
    return { what: `was broken off: ${reason}`, remedy: SOMETHING_BETWEEN };
  } finally {
    await patiently(() => askUpload("DELETE")).catch(() => {});
  }
}

type AskUpload = (method: string, options?: AskOptions) => Promise<Answer>;

async function send(
  ask: AskUpload,
  content: Buffer<ArrayBuffer>,
  chunkBytes: number,
): Promise<Failure | null> {
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
    if (answer.code === "UPLOAD_CUT_SHORT") return cut(await offsetOf(ask));
    if (answer.code === "UPLOAD_NOT_FOUND") return LOST;
    if (answer.status !== 204) return refused(answer);
    if (storedBytes !== end) return cut(storedBytes);
  }
  const storedBytes = await offsetOf(ask);
  if (storedBytes !== content.length) return cut(storedBytes);
  const stored = await ask("GET");
  if (stored.status !== 200) return LOST;
  const digest = createHash("sha256").update(content).digest("hex");
  if (stored.text.includes(`"${digest}"`)) return null;
  return { what: "was altered on its way: the checksums differ", remedy: SOMETHING_BETWEEN };
}

const offsetOf = async (ask: AskUpload): Promise<number> =>
  Number((await ask("HEAD")).headers.get("upload-offset"));

const SOMETHING_BETWEEN = "Look for a proxy, a firewall or a time limit between here and the app.";

const LOST: Failure = {
  what: "was lost after its beginning",
  remedy:
    "Several instances of the app do not share their folder for uploads: give createBackupAdmin an `uploadDir` on a volume that all of them have.",
};

const cut = (storedBytes: number): Failure => ({
  what: `was cut on its way: ${formatBytes(storedBytes)} of it arrived`,
  remedy:
    "Leave the page's address out of the `matcher` of proxy.ts or middleware.ts, or raise `experimental.proxyClientMaxBodySize` in the Next config to 5mb or more.",
});

const refused = (answer: Answer): Failure => ({
  what: `was refused: ${explain(answer)}`,
  remedy:
    answer.status === 413 && answer.code === null
      ? "Something before the app refuses bodies of that size. In nginx: client_max_body_size 8m; other proxies and hosts have such a limit too."
      : "The message and the app's log tell the reason.",
});
