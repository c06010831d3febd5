/** Reads and checks the zip's whole structure, before any of its content is used. */

import { constants } from "node:fs";
import yauzl from "yauzl";
import { BackupError } from "../errors.ts";
import { isOutside, quote } from "../shared/archive/entry-names.ts";
import { duplicateEntry, outsideEntry, specialEntry } from "../shared/archive/fault.ts";
import {
  checkZipEnds,
  ZIP_HEAD_BYTES,
  ZIP_TAIL_BYTES,
  zipDamaged,
} from "../shared/archive/zip-ends.ts";
import { MAX_ENTRIES } from "../shared/archive-format.ts";
import { invalidArchive, judged, toArchiveError } from "./archive-error.ts";
import type { OpenFile } from "./files.ts";

export interface ZipEntry {
  name: string;
  deflated: boolean;
  crc32: number;
  sizeBytes: number;
  dataStart: number;
  dataEnd: number;
  /** Start and end of the whole entry: local header, content, data descriptor. */
  start: number;
  end: number;
}

/**
 * Reads the directory of a zip file and compares it with the headers beside the content. Skips folders.
 *
 * @throws ARCHIVE_INVALID, ARCHIVE_TRUNCATED
 */
export async function readZipStructure(
  file: OpenFile,
  sizeBytes: number,
): Promise<Map<string, ZipEntry>> {
  const reader = new FileReader(file);
  const tailStart = Math.max(0, sizeBytes - ZIP_TAIL_BYTES);
  const head = await reader.readAt(0, ZIP_HEAD_BYTES);
  const tail = await reader.readAt(tailStart, sizeBytes - tailStart);
  judged(() => checkZipEnds(head, tail, sizeBytes));
  try {
    const zip = await yauzl.fromRandomAccessReaderPromise(reader, sizeBytes, {
      autoClose: false,
      decodeStrings: false,
    });
    if (zip.entryCount > MAX_ENTRIES) {
      throw invalidArchive(
        `The backup claims to hold ${zip.entryCount} files, more than any backup has.`,
      );
    }
    const entries = new Map<string, ZipEntry>();
    for await (const central of zip.eachEntry()) {
      if (isFolder(central)) continue;
      const entry = await checkEntry(
        reader,
        central,
        await zip.readLocalFileHeaderPromise(central),
      );
      if (entries.has(entry.name)) throw toArchiveError(duplicateEntry());
      entries.set(entry.name, entry);
    }
    checkOverlap([...entries.values()]);
    return entries;
  } catch (error) {
    throw error instanceof BackupError ? error : toArchiveError(zipDamaged(error));
  }
}

const DESCRIPTOR_SIGNATURE = Buffer.from("PK\x07\x08", "latin1");
const ZIP64_EXTRA_FIELD = 1;
const IN_ZIP64 = 0xffffffff;
const METHOD = { stored: 0, deflated: 8 };
const FLAG_DESCRIPTOR = 1 << 3;
/** Deflate's two hints, data descriptor, UTF-8 names. Excludes encryption by the zip itself. */
const KNOWN_FLAGS = 0b110 | FLAG_DESCRIPTOR | (1 << 11);
/** Systems whose zip tools store Unix file types: Unix and macOS. */
const MADE_ON_UNIX = new Set([3, 19]);

/** Headers are small, and those of small entries are close together, so one read covers many of them. */
const WINDOW_BYTES = 16 * 1024;
/** One for the directory, two for the beginning and the end of an entry. */
const WINDOWS = 3;

/** yauzl's own reader closes and forgets its descriptor while a read is still waiting. */
class FileReader extends yauzl.RandomAccessReader {
  readonly #file: OpenFile;
  #windows: Array<{ start: number; bytes: Buffer }> = [];

  constructor(file: OpenFile) {
    super();
    this.#file = file;
  }

  /** Returns fewer bytes than requested only at the end of the file. */
  async readAt(position: number, length: number): Promise<Buffer> {
    const end = position + length;
    const known = this.#windows.find(
      ({ start, bytes }) => start <= position && end <= start + bytes.length,
    );
    const window = known ?? (await this.#readWindow(position, Math.max(length, WINDOW_BYTES)));
    const others = this.#windows.filter((it) => it !== window);
    this.#windows = [window, ...others].slice(0, WINDOWS);
    return window.bytes.subarray(position - window.start, end - window.start);
  }

  async #readWindow(start: number, length: number) {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length, start);
    return { start, bytes: buffer.subarray(0, bytesRead) };
  }

  // biome-ignore lint/complexity/useMaxParams: yauzl calls this method with these parameters.
  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.readAt(position, length).then(
      (bytes) => callback(null, bytes.copy(buffer, offset)),
      callback,
    );
  }
}

async function checkEntry(
  reader: FileReader,
  central: yauzl.Entry,
  local: yauzl.LocalFileHeader,
): Promise<ZipEntry> {
  const name = entryName(central);
  const flags = central.generalPurposeBitFlag;
  const method = central.compressionMethod;
  const hasDescriptor = (flags & FLAG_DESCRIPTOR) !== 0;
  const fileType = unixFileType(central);

  if (central.fileNameRaw.length > MAX_NAME_BYTES) {
    throw invalidArchive("The backup holds a file with a longer name than in any backup.");
  }
  if (isOutside(name)) throw toArchiveError(outsideEntry(name));
  if (fileType !== 0 && fileType !== constants.S_IFREG) throw toArchiveError(specialEntry(name));
  const isReadable =
    (flags & ~KNOWN_FLAGS) === 0 && (method === METHOD.stored || method === METHOD.deflated);
  if (!isReadable) {
    throw invalidArchive(
      `The backup's file ${quote(name)} is packed in a way that no backup uses.`,
    );
  }
  const size = { compressed: central.compressedSize, extracted: central.uncompressedSize };
  const localSize = localSizes(local);
  // A local header may leave these facts to the data descriptor.
  const agrees = (here: number, there: number) => here === there || (hasDescriptor && here === 0);
  const saysTheSame =
    local.fileName.equals(central.fileNameRaw) &&
    local.generalPurposeBitFlag === flags &&
    local.compressionMethod === method &&
    agrees(local.crc32, central.crc32) &&
    agrees(localSize.compressed, size.compressed) &&
    agrees(localSize.extracted, size.extracted) &&
    (method === METHOD.deflated || size.compressed === size.extracted);
  const dataEnd = local.fileDataStart + size.compressed;
  const descriptorBytes = hasDescriptor ? await findDescriptor(reader, dataEnd, central) : 0;
  if (!saysTheSame || descriptorBytes === null) {
    throw invalidArchive(`The zip file's directory contradicts its file ${quote(name)}.`);
  }
  return {
    name,
    deflated: method === METHOD.deflated,
    crc32: central.crc32,
    sizeBytes: size.extracted,
    dataStart: local.fileDataStart,
    dataEnd,
    start: central.relativeOffsetOfLocalHeader,
    end: dataEnd + descriptorBytes,
  };
}

/** The length of a path that file systems allow. Names are kept in memory, and a zip may contain gigabytes of them. */
const MAX_NAME_BYTES = 4096;

/** Decodes UTF-8, even if it is not marked as such (macOS does not). Else uses the encoding that the zip declares. */
function entryName(central: yauzl.Entry): string {
  const { fileNameRaw, generalPurposeBitFlag, extraFields } = central;
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(fileNameRaw);
  } catch {
    name = yauzl.getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
  }
  // Old tools on Windows separate folders with backslashes. On other systems a backslash is an ordinary character.
  return MADE_ON_UNIX.has(central.versionMadeBy >>> 8) ? name : name.replaceAll("\\", "/");
}

function isFolder(central: yauzl.Entry): boolean {
  const fileType = unixFileType(central);
  return (
    entryName(central).endsWith("/") &&
    central.uncompressedSize === 0 &&
    (fileType === 0 || fileType === constants.S_IFDIR)
  );
}

/** 0 if the zip does not store it. */
function unixFileType(central: yauzl.Entry): number {
  if (!MADE_ON_UNIX.has(central.versionMadeBy >>> 8)) return 0;
  return (central.externalFileAttributes >>> 16) & constants.S_IFMT;
}

function localSizes(local: yauzl.LocalFileHeader): { compressed: number; extracted: number } {
  const zip64 = yauzl
    .parseExtraFields(local.extraField)
    .find(({ id, data }) => id === ZIP64_EXTRA_FIELD && data.length >= 16)?.data;
  // A local header contains both sizes in this field, or neither.
  const sizeOf = (size: number, offset: number) =>
    zip64 && size === IN_ZIP64 ? Number(zip64.readBigUInt64LE(offset)) : size;
  return {
    extracted: sizeOf(local.uncompressedSize, 0),
    compressed: sizeOf(local.compressedSize, 8),
  };
}

/** Returns the length of the data descriptor, in one of its four forms. Null if it is wrong. */
async function findDescriptor(
  reader: FileReader,
  position: number,
  central: yauzl.Entry,
): Promise<number | null> {
  const found = await reader.readAt(position, 24);
  for (const wide of [true, false]) {
    if (!wide && Math.max(central.compressedSize, central.uncompressedSize) > 0xffffffff) continue;
    const fields = Buffer.alloc(wide ? 20 : 12);
    fields.writeUInt32LE(central.crc32, 0);
    if (wide) {
      fields.writeBigUInt64LE(BigInt(central.compressedSize), 4);
      fields.writeBigUInt64LE(BigInt(central.uncompressedSize), 12);
    } else {
      fields.writeUInt32LE(central.compressedSize, 4);
      fields.writeUInt32LE(central.uncompressedSize, 8);
    }
    for (const descriptor of [Buffer.concat([DESCRIPTOR_SIGNATURE, fields]), fields]) {
      if (found.subarray(0, descriptor.length).equals(descriptor)) return descriptor.length;
    }
  }
  return null;
}

function checkOverlap(entries: ZipEntry[]): void {
  entries.sort((a, b) => a.start - b.start);
  let previousEnd = 0;
  for (const entry of entries) {
    if (entry.start < previousEnd) {
      throw invalidArchive(`The backup's file ${quote(entry.name)} overlaps another.`);
    }
    previousEnd = entry.end;
  }
}
