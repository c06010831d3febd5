import { randomBytes } from "node:crypto";
import { lstat, readdir, rm, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { FileStore } from "@tus/file-store";
import { MemoryLocker, Server, type Upload } from "@tus/server";
import { BackupError } from "../../errors.ts";
import type { UploadDeleted } from "../../events.ts";
import type { Actor } from "../../shared/api.ts";
import { nextBasePath } from "../../shared/next-address.ts";
import { isPrivateFile, openPrivateDirectory } from "../private-directory.ts";
import { requireUploadRoom, type UploadLimits } from "./upload-usage.ts";

export interface Uploads {
  /**
   * Answers one request of the tus protocol: creation, HEAD, PATCH, DELETE, OPTIONS.
   *
   * @param id the upload's id from the URL; undefined for the collection
   * @throws UPLOAD_NOT_FOUND also if it is another person's, ARCHIVE_TOO_LARGE, REQUEST_INVALID
   */
  receive(request: Request, actor: Actor, id: string | undefined): Promise<Response>;
  /** @throws UPLOAD_NOT_FOUND, also if it is another person's */
  find(id: string, actor: Actor): Promise<ReceivedUpload>;
  /** @param deletion reported to `onDeleted`; left out if the upload has been restored */
  remove(id: string, deletion?: Deletion): Promise<void>;
  /** Call it at intervals, so that it also happens after a restart and if no further upload comes. */
  removeExpired(): Promise<void>;
}

type Deletion = Pick<UploadDeleted, "reason" | "actor">;

interface ReceivedUpload {
  id: string;
  path: string;
  /** The browser's name for the file, without any folder. */
  fileName: string;
  isComplete: boolean;
  /** When it is removed, unless it is restored before. */
  expiresAt: string;
}

/** 128 random bits: an id cannot be guessed, and it cannot name another path. */
const ID = /^[0-9a-f]{32}$/;

const EXPIRED: Deletion = { reason: "expired", actor: null };

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
 * Opens the private folder in which uploads stay until they are restored, removed or too old.
 *
 * @throws CONFIG_INVALID, as each of its methods does, if the folder belongs to another user or others may write to it
 */
export async function openUploads(
  options: {
    directory: string;
    maxUploadBytes: number;
    maxAgeMs: number;
    /** Called once for each upload that is deleted without having been restored, whichever process deletes it. */
    onDeleted?: (deleted: UploadDeleted) => void;
  } & UploadLimits,
): Promise<Uploads> {
  const { directory, maxUploadBytes, maxAgeMs, onDeleted = () => {} } = options;
  const openDirectory = () =>
    openPrivateDirectory(directory, { what: "uploads", option: "uploadDir" });
  await openDirectory();
  const store = new PrivateFileStore({ directory, expirationPeriodInMilliseconds: maxAgeMs });
  store.requireRoom = async ({ id, size = 0, metadata }) => {
    const owner = metadata?.owner ?? null;
    const isCounted = async (other: string) => !(await isExpired(other));
    await requireUploadRoom(directory, { id, sizeBytes: size, owner }, options, isCounted);
  };
  const actors = new WeakMap<object, Actor>();
  const failures = new WeakMap<object, unknown>();
  const server = new Server({
    path: "/",
    datastore: store,
    locker: new MemoryLocker(),
    maxSize: maxUploadBytes,
    allowedOrigins: [],
    namingFunction: () => randomBytes(16).toString("hex"),
    getFileIdFromRequest: (_request, id) => (id && ID.test(id) ? id : undefined),
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

  async function findUpload(id: string, actor: Actor): Promise<Upload> {
    await openDirectory();
    const file = path.join(directory, id);
    const isThere =
      ID.test(id) && (await isPrivateFile(file)) && (await isPrivateFile(`${file}.json`));
    const upload = isThere ? await store.getUpload(id).catch(() => null) : null;
    if (upload?.metadata?.owner !== actor.id) throw uploadNotFound();
    if (!(await isExpired(id))) return upload;
    await remove(id, EXPIRED);
    throw uploadNotFound();
  }

  const tell = (upload: Upload, deletion: Deletion) =>
    onDeleted({
      type: "upload.deleted",
      at: new Date().toISOString(),
      ...deletion,
      uploadId: upload.id,
      fileName: upload.metadata?.filename || "archive.zip",
      sizeBytes: upload.offset,
    });

  const remove = async (id: string, deletion?: Deletion): Promise<void> => {
    if (!ID.test(id)) return;
    const file = path.join(directory, id);
    const upload = deletion && (await store.getUpload(id).catch(() => null));
    await rm(file, { force: true });
    // If several processes remove it at once, only one succeeds here.
    const isMine = await unlink(`${file}.json`).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
        return false;
      },
    );
    if (isMine && deletion && upload) tell(upload, deletion);
  };

  /**
   * The description (`.json`) is written first and never again, so its time counts. Without one, the file's own time
   * does.
   */
  async function expiryOf(id: string): Promise<number | null> {
    const statOf = (name: string) => lstat(path.join(directory, name)).catch(() => null);
    const since = (await statOf(`${id}.json`)) ?? (await statOf(id));
    return since && since.mtimeMs + maxAgeMs;
  }

  async function isExpired(id: string): Promise<boolean> {
    const at = await expiryOf(id);
    return at !== null && Date.now() > at;
  }

  async function removeExpired(): Promise<void> {
    await openDirectory();
    for (const name of await readdir(directory)) {
      const id = name.replace(/\.json$/, "");
      if (await isExpired(id)) await remove(id, EXPIRED);
    }
  }

  await removeExpired();
  return {
    async receive(request, actor, id) {
      const upload = id === undefined ? null : await findUpload(id, actor);
      if (!upload && request.method === "POST") await removeExpired();
      const forwarded = withTusHeaders(request);
      actors.set(forwarded, actor);
      const response = await server.handleWeb(forwarded);
      if (response.status < 400) {
        requireWholeBody(request, response);
        if (upload && request.method === "DELETE") tell(upload, { reason: "requested", actor });
        return response;
      }
      throw translateFailure(failures.get(forwarded), response, maxUploadBytes);
    },
    async find(id, actor) {
      const upload = await findUpload(id, actor);
      return {
        id,
        path: path.join(directory, id),
        fileName: upload.metadata?.filename || "archive.zip",
        isComplete: upload.offset === upload.size,
        expiresAt: new Date((await expiryOf(id)) ?? Date.now()).toISOString(),
      };
    },
    remove,
    removeExpired,
  };
}

/** The library's store, but only this user of the system can read its files, whatever the umask is. */
class PrivateFileStore extends FileStore {
  override extensions = ["creation", "termination", "expiration"];
  /** Throws if a new upload, already on the disk with its size, exceeds a limit. */
  requireRoom: (upload: Upload) => Promise<void> = async () => {};

  override async create(upload: Upload): Promise<Upload> {
    for (const suffix of [".json", ""]) {
      await writeFile(path.join(this.directory, upload.id + suffix), "", {
        mode: 0o600,
        flag: "wx",
      });
    }
    const created = await super.create(upload);
    try {
      await this.requireRoom(created);
    } catch (error) {
      await this.remove(upload.id);
      throw error;
    }
    return created;
  }
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
  // Control characters must not be shown or logged.
  return name.replaceAll(/\p{Cc}/gu, "").slice(0, 200) || "archive.zip";
}

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
      hint: "Where the app has a proxy.ts or middleware.ts, leave the backup page out of its `matcher`, or raise `experimental.proxyClientMaxBodySize` (`middlewareClientMaxBodySize` before Next 16) in the Next config to 5mb or more.",
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
    return new BackupError("ARCHIVE_TOO_LARGE", "The archive is larger than this server accepts.", {
      hint: "Raise `maxUploadBytes` in the options of createBackupAdmin, or restore from a terminal.",
      details: { maxUploadBytes },
    });
  }
  if (status === 409) {
    return new BackupError(
      "OPERATION_STATE",
      "The upload is at another place than the browser thought.",
      {
        hint: "Ask for its offset and go on from there.",
      },
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

function uploadNotFound(): BackupError {
  return new BackupError("UPLOAD_NOT_FOUND", "There is no such upload, or it has been removed.", {
    hint: "Upload the archive again. If it is not found each time, the app's instances have no `uploadDir` in common.",
  });
}
