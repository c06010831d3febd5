import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BackupError, systemCodeOf } from "../errors.ts";
import { quote } from "../shared/archive/entry-names.ts";
import type { EntrySink } from "./entry-sink.ts";
import { createFile, type NewFile, syncFolder } from "./files.ts";

/**
 * Writes entries as files of an empty folder. `done` resolves when all are on disk. If it rejects, no file is open any
 * more, and the caller must remove what was written.
 */
export function createFolderSink(folder: string): EntrySink {
  const givenUp = new AbortController();
  const folders = new Set([folder]);
  let sizeBytes = 0;
  let queue: Promise<void> = Promise.resolve();
  const result = Promise.withResolvers<number>();
  result.promise.catch(() => {});

  function enqueue(step: () => Promise<void>): void {
    queue = queue
      .then(async () => {
        givenUp.signal.throwIfAborted();
        await step();
      })
      // The first reason counts. Later steps fail with it too.
      .catch(destroy);
  }

  function destroy(reason: unknown): void {
    if (givenUp.signal.aborted) return;
    givenUp.abort(reason);
    // Wait for the file that is being written.
    void queue.then(() => result.reject(reason));
  }

  async function write(name: string, content: Readable | Buffer): Promise<void> {
    const path = join(folder, name);
    const parent = dirname(path);
    if (!folders.has(parent)) {
      await mkdir(parent, { mode: 0o700 });
      folders.add(parent);
    }
    const file = await createFile(path).catch((cause) => {
      throw describeOpenError(cause, name);
    });
    await fill(file, content).finally(() => file.closed);
    sizeBytes += file.to.bytesWritten;
  }

  async function fill({ to }: NewFile, content: Readable | Buffer): Promise<void> {
    if (Buffer.isBuffer(content)) return pipeline([content], to);
    try {
      // Do not destroy the source if the file fails, so that the file's error is the first that is reported.
      await pipeline(content.iterator({ destroyOnReturn: false }), to);
    } catch (error) {
      // The source failed, not the file. Wait until its owner calls `destroy` with the reason.
      if (content.destroyed && !givenUp.signal.aborted) await once(givenUp.signal, "abort");
      throw error;
    }
  }

  return {
    kind: "folder",
    add(name, content) {
      if (!Buffer.isBuffer(content)) addAbortSignal(givenUp.signal, content);
      enqueue(() => write(name, content));
    },
    end() {
      enqueue(async () => {
        for (const written of folders) await syncFolder(written);
        result.resolve(sizeBytes);
      });
    },
    destroy,
    done: result.promise,
  };
}

/** Tables have different names, but a file system may not distinguish all names that a database does. */
function describeOpenError(cause: unknown, name: string): unknown {
  const code = systemCodeOf(cause);
  const reason =
    code === "EEXIST"
      ? "this file system takes its name for another table's, for example if they differ in upper and lower case only"
      : code === "ENAMETOOLONG"
        ? "its name is longer than this file system allows"
        : undefined;
  if (reason === undefined) return cause;
  return new BackupError(
    "DUMP_FAILED",
    `The file ${quote(name)} cannot be written: ${reason}. No backup was made.`,
    { hint: "Write one zip file instead: compress: true.", cause },
  );
}
