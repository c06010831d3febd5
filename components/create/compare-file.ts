import type { ArchiveIdentity } from "../../lib/shared/api.ts";

export type FileVerdict =
  | { name: "same" }
  | { name: "other"; sizeBytes: number }
  | { name: "unreadable" };

/**
 * Compares a file with what the server made, byte for byte by its checksum.
 *
 * @param onProgress called with the read share of the file, from 0 to 1
 */
export async function compareFile(
  file: Blob,
  { sizeBytes, sha256 }: ArchiveIdentity,
  onProgress: (fraction: number) => void,
): Promise<FileVerdict> {
  if (file.size !== sizeBytes) return { name: "other", sizeBytes: file.size };
  try {
    const { Sha256 } = await import("../local/sha256.ts");
    const sum = new Sha256();
    const reader = file.stream().getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      sum.update(value);
      onProgress(sum.bytes / sizeBytes);
    }
    return sum.digest() === sha256 ? { name: "same" } : { name: "other", sizeBytes };
  } catch {
    return { name: "unreadable" };
  }
}
