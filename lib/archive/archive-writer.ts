import { type Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isDeepStrictEqual } from "node:util";
import { BackupError, systemCodeOf } from "../errors.ts";
import type { TableName } from "../shared/api.ts";
import {
  KEY_ENTRY,
  MAX_TABLES,
  manifestEntryName,
  README_ENTRY,
  tableEntryName,
} from "../shared/archive-format.ts";
import { CoalesceStream } from "./coalesce.ts";
import { createCompressor } from "./compression.ts";
import { DigestStream, sha256 } from "./digest.ts";
import { type ArchiveKey, encryptBytes, encryptStream } from "./encryption.ts";
import type { EntrySink } from "./entry-sink.ts";
import {
  type ManifestTable,
  type StoredManifest,
  serialiseManifest,
  type UnwrittenManifest,
} from "./manifest.ts";
import { readmeText } from "./readme.ts";
import { createZipSink } from "./zip-sink.ts";

type WrittenTable = Pick<
  ManifestTable,
  "entry" | "jsonBytes" | "jsonSha256" | "storedBytes" | "storedSha256"
>;

export interface ArchiveWriter {
  /**
   * Writes a table's JSON as the next entry, after those of earlier calls. Resolves when the archive has read the
   * source to its end. Rejects if the source fails (with its error), if the output fails or closes, or on abort
   * (ABORTED). Then the source is destroyed and the whole archive has failed.
   *
   * @param table `sizeBytes`: approximate size of its content, if known
   */
  writeTable(table: TableName & { sizeBytes?: number }, source: Readable): Promise<WrittenTable>;
  /** Writes the manifest and ends the output. Resolves when the output has accepted everything. */
  finish(manifest: UnwrittenManifest): Promise<{ archiveBytes: number; manifest: StoredManifest }>;
  /** Abandons the archive and destroys the output with this error. Does nothing if the archive is finished. */
  abort(error: unknown): void;
}

export interface ArchiveWriterOptions {
  key: ArchiveKey;
  createdAt: Date;
  /** Receives the entries. A stream receives them as a zip. `finish` ends it. If the archive fails, it is destroyed. */
  output: Writable | EntrySink;
  signal?: AbortSignal;
}

/** Writes an archive as a stream, in bounded memory. README.txt is already being written when this returns. */
export function createArchiveWriter(options: ArchiveWriterOptions): ArchiveWriter {
  const { key, createdAt, output, signal } = options;
  const sink = output instanceof Writable ? createZipSink(output, createdAt) : output;
  const begun = new Set<string>();
  const written = new Map<string, WrittenTable>();
  /** Aborted with the first reason when the archive fails. */
  const givenUp = new AbortController();
  let finished = false;
  let archiveBytes = 0;

  const sinkDone = sink.done.then(
    (sizeBytes) => {
      archiveBytes = sizeBytes;
      finished = true;
      signal?.removeEventListener("abort", onAbort);
    },
    (error: unknown) => giveUp(describeOutputError(error)),
  );

  function giveUp(reason: unknown): void {
    if (finished || givenUp.signal.aborted) return;
    signal?.removeEventListener("abort", onAbort);
    givenUp.abort(reason);
    sink.destroy(reason instanceof Error ? reason : new Error(String(reason)));
  }

  function onAbort(): void {
    giveUp(abortReason(signal));
  }

  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const readme = Buffer.from(readmeText(key.mode, createdAt, sink.kind));
  sink.add(README_ENTRY, readme, { compress: false });
  const keyFile = key.mode === "passphrase" ? Buffer.from(key.keyFile, "base64") : null;
  if (keyFile) sink.add(KEY_ENTRY, keyFile, { compress: false });

  return {
    async writeTable(table, source) {
      const entry = tableEntryName(table, key.mode);
      const encrypt = encryptStream(key);
      const json = new DigestStream();
      // Without encryption, the stored bytes are the JSON.
      const stored = encrypt ? new DigestStream() : json;
      try {
        givenUp.signal.throwIfAborted();
        if (begun.size === MAX_TABLES) throw tooManyTables();
        if (begun.has(entry)) throw new Error(`${entry} was written before`);
        begun.add(entry);
        sink.add(entry, stored, { compress: key.mode === "none" });
        const { signal } = givenUp;
        const plain = [source, new CoalesceStream(), json] as const;
        await (encrypt
          ? pipeline(...plain, createCompressor(table.sizeBytes), encrypt, stored, { signal })
          : pipeline(...plain, { signal }));
      } catch (error) {
        source.destroy();
        giveUp(error);
        await sinkDone;
        throw givenUp.signal.reason;
      }
      const result = describeWritten(entry, json, stored);
      written.set(entry, result);
      return result;
    },

    async finish(manifest) {
      const described: StoredManifest = {
        ...manifest,
        readmeSha256: sha256(readme),
        ...(keyFile && { keySha256: sha256(keyFile) }),
      };
      try {
        givenUp.signal.throwIfAborted();
        checkAgainst(manifest, key, written);
        const bytes = await encryptBytes(key, serialiseManifest(described));
        sink.add(manifestEntryName(key.mode), bytes, { compress: key.mode === "none" });
        sink.end();
      } catch (error) {
        giveUp(error);
      }
      await sinkDone;
      givenUp.signal.throwIfAborted();
      return { archiveBytes, manifest: described };
    },

    abort: giveUp,
  };
}

function describeWritten(entry: string, json: DigestStream, stored: DigestStream): WrittenTable {
  const [jsonDigest, storedDigest] = [json.digest(), stored.digest()];
  return {
    entry,
    jsonBytes: jsonDigest.bytes,
    jsonSha256: jsonDigest.sha256,
    storedBytes: storedDigest.bytes,
    storedSha256: storedDigest.sha256,
  };
}

/** Checks that the manifest agrees with the archive. Otherwise the backup could not be restored. */
function checkAgainst(
  manifest: UnwrittenManifest,
  key: ArchiveKey,
  written: Map<string, WrittenTable>,
) {
  const agrees =
    manifest.encryption === key.mode &&
    manifest.tables.length === written.size &&
    manifest.tables.every((table) => {
      const facts = written.get(table.entry);
      return facts && isDeepStrictEqual(table, { ...table, ...facts });
    });
  if (!agrees) throw new Error("The manifest does not describe what was written.");
}

function abortReason(signal: AbortSignal | undefined): BackupError {
  const reason: unknown = signal?.reason;
  if (reason instanceof BackupError) return reason;
  return new BackupError("ABORTED", "The backup was cancelled. No backup was made.", {
    hint: "Delete the incomplete file. Create the backup again when you need it.",
    cause: reason,
  });
}

function describeOutputError(error: unknown): unknown {
  if (error instanceof BackupError) return error;
  const code = systemCodeOf(error);
  if (RECEIVER_GONE.has(code)) {
    return new BackupError("ABORTED", "The download ended before the backup was complete.", {
      hint: "Delete the incomplete file and create the backup again. Keep the page open until the download ends.",
      cause: error,
    });
  }
  return new BackupError("DUMP_FAILED", `The backup could not be written (${code}).`, {
    hint: code === "ENOSPC" ? "Free some disk space, or choose another place." : undefined,
    cause: error,
  });
}

const RECEIVER_GONE = new Set([
  "ABORT_ERR",
  "ECONNRESET",
  "EPIPE",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_UNABLE_TO_PIPE",
]);

function tooManyTables(): BackupError {
  return new BackupError("DUMP_FAILED", `A backup holds at most ${MAX_TABLES} tables.`, {
    hint: "Choose fewer tables for each backup.",
  });
}
