import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BackupError } from "../errors.ts";
import { quote } from "../shared/archive/entry-names.ts";
import type { EntrySink } from "./entry-sink.ts";
import { createFile, type NewFile, syncFolder } from "./files.ts";

/**
 * Writes entries as files of a folder that is empty and nobody else's. `done` comes when all are on the disk; when
 * it fails, no file is open any more, and what was written is left to whoever made the folder.
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
      // The first reason counts; all that is still waiting fails by it.
      .catch(destroy);
  }

  function destroy(reason: unknown): void {
    if (givenUp.signal.aborted) return;
    givenUp.abort(reason);
    // What is being written ends first.
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
      // Left as it is where the file fails, which is then the first reason that anybody hears of.
      await pipeline(content.iterator({ destroyOnReturn: false }), to);
    } catch (error) {
      // Not the file but its source failed: whoever gave it knows why, and gives up.
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

/** Tables are never named the same, but a file system may hold fewer names than a database. */
function describeOpenError(cause: unknown, name: string): unknown {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const reason =
    code === "EEXIST"
      ? "this file system takes its name for another table's, as where they differ in upper and lower case only"
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
