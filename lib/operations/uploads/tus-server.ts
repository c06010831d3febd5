import { randomBytes } from "node:crypto";
import { type DataStore, MemoryLocker, Server, type Upload } from "@tus/server";
import { BackupError } from "../../errors.ts";
import type { Actor } from "../../shared/api.ts";
import { nextBasePath } from "../../shared/next-address.ts";

/** 128 random bits: an id cannot be guessed, and it cannot name another path. */
export const UPLOAD_ID = /^[0-9a-f]{32}$/;

/** Headers of the protocol. Others, for example a proxy's, are dropped. */
const TUS_HEADERS = [
  "content-type",
  "content-length",
  "tus-resumable",
  "upload-length",
  "upload-offset",
  "upload-metadata",
];

/**
 * Answers requests of the tus protocol. A new upload's metadata has who created it, as `owner`. The function throws
 * UPLOAD_NOT_FOUND, UPLOAD_CUT_SHORT, ARCHIVE_TOO_LARGE, OPERATION_STATE, REQUEST_INVALID, or what the store throws.
 */
export function tusServer(
  datastore: DataStore,
  maxUploadBytes: number,
): (request: Request, actor: Actor) => Promise<Response> {
  const actors = new WeakMap<object, Actor>();
  const failures = new WeakMap<object, unknown>();
  const server = new Server({
    path: "/",
    datastore,
    locker: new MemoryLocker(),
    maxSize: maxUploadBytes,
    allowedOrigins: [],
    namingFunction: () => randomBytes(16).toString("hex"),
    getFileIdFromRequest: (_request, id) => (id && UPLOAD_ID.test(id) ? id : undefined),
    generateUrl(request, { id }) {
      const { pathname } = new URL(request.url);
      return pathname.endsWith("/") ? `${pathname}${id}/` : `${pathname}/${id}`;
    },
    async onUploadCreate(request, upload) {
      return { metadata: { filename: baseName(upload), owner: actors.get(request)?.id ?? null } };
    },
    onResponseError(request, error) {
      failures.set(request, error);
      return undefined;
    },
  });
  return async (request, actor) => {
    const forwarded = withTusHeaders(request);
    actors.set(forwarded, actor);
    const response = await server.handleWeb(forwarded);
    if (response.status >= 400) {
      throw translateFailure(failures.get(forwarded), response, maxUploadBytes);
    }
    requireWholeBody(request, response);
    return response;
  };
}

/** Behind a `proxy.ts` the request does not contain the base path. Then the build provides it. */
function basePathOf(request: Request & { nextUrl?: { basePath?: string } }): string {
  return request.nextUrl?.basePath || nextBasePath();
}

function withTusHeaders(request: Request): Request {
  const headers = new Headers();
  for (const name of TUS_HEADERS) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const { method, body, signal } = request;
  const url = new URL(request.url);
  // Next removes its `basePath` from the URL, but the browser needs it in the upload's URL.
  url.pathname = basePathOf(request) + url.pathname;
  // A stream as body requires `duplex`, which is missing in the DOM's types.
  const init: RequestInit & { duplex: "half" } = { method, headers, body, signal, duplex: "half" };
  return new Request(url, init);
}

function baseName(upload: Upload): string {
  const name = upload.metadata?.filename?.split(/[/\\]/).at(-1) ?? "";
  return name.replaceAll(HIDDEN, "").slice(0, 200) || "archive.zip";
}

/** Control characters, which must not be shown or logged, and marks that turn the direction of what follows. */
const HIDDEN = /[\p{Cc}\p{Bidi_Control}]/gu;

/**
 * Detects a request body that Next cut. If a `proxy.ts` or `middleware.ts` has seen the body, Next gives a route
 * handler only its first 10 MB, or as much as the app's configuration says, without an error. The bytes that arrived
 * are kept. Without this check, the browser would send the rest again and again, a little at a time or for ever.
 *
 * @throws UPLOAD_CUT_SHORT
 */
function requireWholeBody(request: Request, response: Response): void {
  const sentBytes = Number(request.headers.get("content-length"));
  const offset = response.headers.get("upload-offset");
  if (request.method !== "PATCH" || offset === null || request.signal.aborted) return;
  const receivedBytes = Number(offset) - Number(request.headers.get("upload-offset"));
  if (!(receivedBytes < sentBytes)) return;
  throw new BackupError(
    "UPLOAD_CUT_SHORT",
    `Only ${receivedBytes} of ${sentBytes} bytes of a request's body have reached the route handler.`,
    {
      hint: "If the app has a proxy.ts or middleware.ts, leave the backup page out of its `matcher`, or raise `experimental.proxyClientMaxBodySize` (`middlewareClientMaxBodySize` before Next 16) in the Next config to 5mb or more.",
      details: { sentBytes, receivedBytes },
    },
  );
}

/** tus' own errors are `{ status_code, body }`. */
function translateFailure(
  failure: unknown,
  { status }: Response,
  maxUploadBytes: number,
): BackupError {
  if (failure instanceof BackupError) return failure;
  if (status === 404 || status === 410) return uploadNotFound();
  if (status === 413) {
    return new BackupError("ARCHIVE_TOO_LARGE", "The backup is larger than this server accepts.", {
      hint: "Raise `maxUploadBytes` in the options of createBackupAdmin, or restore from a terminal.",
      details: { maxUploadBytes },
    });
  }
  if (status === 409) {
    return new BackupError(
      "OPERATION_STATE",
      "The upload is at another place than the browser thought.",
      { hint: "Ask for its offset and go on from there." },
    );
  }
  if (status >= 500) {
    return new BackupError("INTERNAL", "The upload could not be stored.", {
      hint: "Check the room on the server's disk, then go on with the upload.",
      cause: failure,
    });
  }
  return new BackupError("REQUEST_INVALID", "This is no valid request of the tus protocol 1.0.0.");
}

export function uploadNotFound(): BackupError {
  return new BackupError("UPLOAD_NOT_FOUND", "There is no such upload, or it has been removed.", {
    hint: "Upload the backup again. If it is not found each time, the app's instances do not share an `uploadDir`.",
  });
}
