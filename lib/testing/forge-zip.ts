/** Zip files that only an attacker or an accident produces. */
import { readFile } from "node:fs/promises";
import { crc32, deflateRawSync } from "node:zlib";
import JSZip from "jszip";

export interface ForgedEntry {
  name: string;
  content: Uint8Array;
  deflate?: boolean;
  /** Wrong values in the directory. */
  central?: Partial<Fields>;
  /** Wrong values in the local header. */
  local?: Partial<Fields>;
  /** Unix mode and file type. */
  mode?: number;
  /** The offset of the entry according to the directory. */
  offset?: number;
  /** Extra fields in the directory and in the local header. */
  centralExtra?: Uint8Array;
  localExtra?: Uint8Array;
}

interface Fields {
  name: string;
  flags: number;
  method: number;
  crc32: number;
  compressedBytes: number;
  sizeBytes: number;
}

/** Reads the entries of a real archive with an independent library, to change and repack them. */
export async function unpack(path: string): Promise<ForgedEntry[]> {
  const zip = await JSZip.loadAsync(await readFile(path));
  return Promise.all(
    Object.values(zip.files).map(async (file) => ({
      name: file.name,
      content: await file.async("uint8array"),
    })),
  );
}

export function pack(entries: ForgedEntry[], claimedEntries = entries.length): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const entry of entries) {
    const data = entry.deflate ? deflateRawSync(entry.content) : Buffer.from(entry.content);
    const truth: Fields = {
      name: entry.name,
      flags: 1 << 11,
      method: entry.deflate ? 8 : 0,
      crc32: crc32(entry.content),
      compressedBytes: data.length,
      sizeBytes: entry.content.length,
    };
    const central = { ...truth, ...entry.central };
    const local = { ...truth, ...entry.local };
    const header = Buffer.concat([
      Buffer.from("PK\x03\x04\x14\x00", "latin1"),
      fields(local),
      uint16(entry.localExtra?.length ?? 0),
      Buffer.from(local.name),
      Buffer.from(entry.localExtra ?? []),
    ]);
    const attributes = Buffer.alloc(12);
    attributes.writeUInt32LE((entry.mode ?? 0o100600) * 0x10000, 4);
    attributes.writeUInt32LE(entry.offset ?? position, 8);
    directory.push(
      Buffer.from("PK\x01\x02\x3f\x03\x14\x00", "latin1"),
      fields(central),
      uint16(entry.centralExtra?.length ?? 0),
      uint16(0), // comment
      attributes,
      Buffer.from(central.name),
      Buffer.from(entry.centralExtra ?? []),
    );
    parts.push(header, data);
    position += header.length + data.length;
  }
  const directoryBytes = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(claimedEntries, 8);
  end.writeUInt16LE(claimedEntries, 10);
  end.writeUInt32LE(directoryBytes.length, 12);
  end.writeUInt32LE(position, 16);
  return Buffer.concat([...parts, directoryBytes, end]);
}

/** Makes the extra field of zip64: sizes, and in the directory also the offset of the entry. */
export function zip64Extra(...values: bigint[]): Buffer {
  const buffer = Buffer.alloc(4 + values.length * 8);
  buffer.writeUInt16LE(1, 0);
  buffer.writeUInt16LE(values.length * 8, 2);
  for (const [index, value] of values.entries()) buffer.writeBigUInt64LE(value, 4 + index * 8);
  return buffer;
}

/** Adds the end of a zip64 to a zip. It is correct except for `lies`. */
export function withZip64End(
  zip: Buffer,
  lies: { entries?: bigint; directoryBytes?: bigint; directoryAt?: bigint; endAt?: bigint } = {},
): Buffer {
  const endAt = zip.length - 22;
  const end = Buffer.from(zip.subarray(endAt));
  const entries = BigInt(end.readUInt16LE(10));
  const wide = Buffer.alloc(56);
  wide.write("PK\x06\x06", "latin1");
  wide.writeBigUInt64LE(44n, 4);
  wide.writeUInt16LE(45, 12);
  wide.writeUInt16LE(45, 14);
  wide.writeBigUInt64LE(lies.entries ?? entries, 24);
  wide.writeBigUInt64LE(lies.entries ?? entries, 32);
  wide.writeBigUInt64LE(lies.directoryBytes ?? BigInt(end.readUInt32LE(12)), 40);
  wide.writeBigUInt64LE(lies.directoryAt ?? BigInt(end.readUInt32LE(16)), 48);
  const locator = Buffer.alloc(20);
  locator.write("PK\x06\x07", "latin1");
  locator.writeBigUInt64LE(lies.endAt ?? BigInt(endAt), 8);
  locator.writeUInt32LE(1, 16);
  end.fill(0xff, 8, 20);
  return Buffer.concat([zip.subarray(0, endAt), wide, locator, end]);
}

const uint16 = (value: number): Buffer => Buffer.from([value & 0xff, value >>> 8]);

/** The part that local header and directory share: from the flags to the length of the name. */
function fields({ name, flags, method, crc32, compressedBytes, sizeBytes }: Fields): Buffer {
  const buffer = Buffer.alloc(22);
  buffer.writeUInt16LE(flags, 0);
  buffer.writeUInt16LE(method, 2);
  buffer.writeUInt32LE(crc32, 8);
  buffer.writeUInt32LE(compressedBytes, 12);
  buffer.writeUInt32LE(sizeBytes, 16);
  buffer.writeUInt16LE(Buffer.byteLength(name), 20);
  return buffer;
}
