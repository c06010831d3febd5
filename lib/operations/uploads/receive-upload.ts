import { lstat, readdir, rm, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { FileStore } from "@tus/file-store";
import type { Upload } from "@tus/server";
import type { UploadDeleted } from "../../events.ts";
import type { Actor } from "../../shared/api.ts";
import { isPrivateFile, openPrivateDirectory } from "../private-directory.ts";
import { tusServer, UPLOAD_ID, uploadNotFound } from "./tus-server.ts";
import { requireUploadRoom, type UploadLimits } from "./upload-usage.ts";

export interface Uploads {
  /**
   * Answers one request of the tus protocol. @param id from the URL; undefined for the collection
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

const EXPIRED: Deletion = { reason: "expired", actor: null };

/**
 * Opens the private folder in which uploads stay until they are restored, removed or too old.
 * @throws CONFIG_INVALID, as each of its methods does, if it belongs to another user or others may write to it
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
  const handle = tusServer(store, maxUploadBytes);

  async function findUpload(id: string, actor: Actor): Promise<Upload> {
    await openDirectory();
    const file = path.join(directory, id);
    const isThere =
      UPLOAD_ID.test(id) && (await isPrivateFile(file)) && (await isPrivateFile(`${file}.json`));
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
    if (!UPLOAD_ID.test(id)) return;
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

  /** The description is written first and never again, so its time counts, else that of the file. */
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
      const response = await handle(request, actor);
      if (upload && request.method === "DELETE") tell(upload, { reason: "requested", actor });
      return response;
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
