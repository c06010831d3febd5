import { lstat, readdir, rm, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { FileStore } from "@tus/file-store";
import type { Upload } from "@tus/server";
import type { UploadDeleted } from "../../events.ts";
import type { Actor } from "../../shared/api.ts";
import { isPrivateFile, openPrivateDirectory } from "../private-directory.ts";
import { tusServer, UPLOAD_ID, uploadNotFound } from "./tus-server.ts";
import { requireUploadRoom, type UploadLimits } from "./upload-usage.ts";

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

interface UploadOptions extends UploadLimits {
  directory: string;
  maxUploadBytes: number;
  maxAgeMs: number;
  /** Called once for each upload that is deleted without having been restored, whichever process deletes it. */
  onDeleted: (deleted: UploadDeleted) => void;
}

const EXPIRED: Deletion = { reason: "expired", actor: null };

/**
 * Opens the private folder in which uploads stay until they are restored, removed or too old.
 * @throws CONFIG_INVALID, as each method does, if it belongs to another user or others may write to it
 */
export async function openUploads(options: UploadOptions): Promise<Uploads> {
  // First, because the library's store makes the folder too, and not a private one.
  await openDirectory(options);
  const uploads = new Uploads(options);
  await uploads.removeExpired();
  return uploads;
}

const openDirectory = ({ directory }: UploadOptions): Promise<void> =>
  openPrivateDirectory(directory, { what: "uploads", option: "uploadDir" });

const nameOf = (upload: Upload): string => upload.metadata?.filename || "archive.zip";

export class Uploads {
  readonly #options: UploadOptions;
  readonly #store: PrivateFileStore;
  readonly #handle: ReturnType<typeof tusServer>;

  /** Use `openUploads`. */
  constructor(options: UploadOptions) {
    const { directory, maxAgeMs, maxUploadBytes } = options;
    const isCounted = async (id: string) => !(await this.#isExpired(id));
    this.#options = options;
    this.#store = new PrivateFileStore({ directory, expirationPeriodInMilliseconds: maxAgeMs });
    this.#store.requireRoom = ({ id, size: sizeBytes = 0, metadata }) =>
      requireUploadRoom(
        directory,
        { id, sizeBytes, owner: metadata?.owner ?? null },
        options,
        isCounted,
      );
    this.#handle = tusServer(this.#store, maxUploadBytes);
  }

  /**
   * Answers one request of the tus protocol. @param id from the URL; undefined for the collection
   * @throws UPLOAD_NOT_FOUND also if it is another person's, ARCHIVE_TOO_LARGE, REQUEST_INVALID
   */
  async receive(request: Request, actor: Actor, id: string | undefined): Promise<Response> {
    const upload = id === undefined ? null : await this.#findUpload(id, actor);
    if (!upload && request.method === "POST") await this.removeExpired();
    const response = await this.#handle(request, actor);
    if (upload && request.method === "DELETE") this.#tell(upload, { reason: "requested", actor });
    return response;
  }

  /** @throws UPLOAD_NOT_FOUND, also if it is another person's */
  async find(id: string, actor: Actor): Promise<ReceivedUpload> {
    const upload = await this.#findUpload(id, actor);
    return {
      id,
      path: this.#pathOf(id),
      fileName: nameOf(upload),
      isComplete: upload.offset === upload.size,
      expiresAt: new Date((await this.#expiryOf(id)) ?? Date.now()).toISOString(),
    };
  }

  /** @param deletion reported to `onDeleted`; left out if the upload has been restored */
  async remove(id: string, deletion?: Deletion): Promise<void> {
    if (!UPLOAD_ID.test(id)) return;
    const file = this.#pathOf(id);
    const upload = deletion && (await this.#store.getUpload(id).catch(() => null));
    await rm(file, { force: true });
    // If several processes remove it at once, only one succeeds here.
    const isMine = await unlink(`${file}.json`).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
        return false;
      },
    );
    if (isMine && deletion && upload) this.#tell(upload, deletion);
  }

  /** Call it at intervals, so that it also happens after a restart and if no further upload comes. */
  async removeExpired(): Promise<void> {
    await openDirectory(this.#options);
    for (const name of await readdir(this.#options.directory)) {
      const id = name.replace(/\.json$/, "");
      if (await this.#isExpired(id)) await this.remove(id, EXPIRED);
    }
  }

  async #findUpload(id: string, actor: Actor): Promise<Upload> {
    await openDirectory(this.#options);
    const file = this.#pathOf(id);
    const isThere =
      UPLOAD_ID.test(id) && (await isPrivateFile(file)) && (await isPrivateFile(`${file}.json`));
    const upload = isThere ? await this.#store.getUpload(id).catch(() => null) : null;
    if (upload?.metadata?.owner !== actor.id) throw uploadNotFound();
    if (!(await this.#isExpired(id))) return upload;
    await this.remove(id, EXPIRED);
    throw uploadNotFound();
  }

  #tell(upload: Upload, deletion: Deletion): void {
    this.#options.onDeleted({
      type: "upload.deleted",
      at: new Date().toISOString(),
      ...deletion,
      uploadId: upload.id,
      fileName: nameOf(upload),
      sizeBytes: upload.offset,
    });
  }

  #pathOf(id: string): string {
    return path.join(this.#options.directory, id);
  }

  /** The description is written first and never again, so its time counts, else that of the file. */
  async #expiryOf(id: string): Promise<number | null> {
    const statOf = (file: string) => lstat(file).catch(() => null);
    const since = (await statOf(`${this.#pathOf(id)}.json`)) ?? (await statOf(this.#pathOf(id)));
    return since && since.mtimeMs + this.#options.maxAgeMs;
  }

  async #isExpired(id: string): Promise<boolean> {
    const at = await this.#expiryOf(id);
    return at !== null && Date.now() > at;
  }
}

/** The library's store, but only this user of the system can read its files, whatever the umask is. */
class PrivateFileStore extends FileStore {
  override extensions = ["creation", "termination", "expiration"];
  /** Throws if a new upload, already on the disk with its size, exceeds a limit. */
  requireRoom: (upload: Upload) => Promise<void> = async () => {};

  override async create(upload: Upload): Promise<Upload> {
    for (const suffix of [".json", ""]) {
      const file = path.join(this.directory, upload.id + suffix);
      await writeFile(file, "", { mode: 0o600, flag: "wx" });
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
