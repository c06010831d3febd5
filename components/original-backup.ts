import type JSZip from "jszip";
import { isOfTheSystem } from "./system-file.ts";

declare module "jszip" {
  interface JSZipObject {
    /** Documented, but missing in JSZip's own types. */
    internalStream(type: "string"): JSZip.JSZipStreamHelper<string>;
  }
}

/** A backup that `@vorlefan/prisma-backup` wrote. */
export interface OriginalBackup {
  tables: number;
  isEncrypted: boolean;
}

const START_CHARACTERS = 1000;

/**
 * Recognises the original's flat JSON files, one per table, in any one folder of the zip. Each holds an array of rows,
 * or its encrypted form.
 */
export async function inspectOriginal(
  entries: Iterable<JSZip.JSZipObject>,
): Promise<OriginalBackup | null> {
  const starts = await Promise.all(flatJsonFiles(entries).map(readStart));
  const encrypted = starts.filter((text) => /^\s*\{\s*"(encryptedText|encrypted|iv)"/.test(text));
  const plain = starts.filter((text) => /^\s*\[\s*[\]{]/.test(text));
  if (encrypted.length + plain.length === 0) return null;
  return { tables: encrypted.length + plain.length, isEncrypted: encrypted.length > 0 };
}

/** Returns the files of the tables: those at the top, otherwise those of the only folder that has any. */
export function flatJsonFiles(entries: Iterable<JSZip.JSZipObject>): JSZip.JSZipObject[] {
  const files = [...entries].filter(
    ({ dir, name }) => !dir && name.endsWith(".json") && !isOfTheSystem(name),
  );
  const byFolder = Map.groupBy(files, ({ name }) => name.slice(0, name.lastIndexOf("/") + 1));
  return byFolder.get("") ?? (byFolder.size === 1 ? files : []);
}

function readStart(file: JSZip.JSZipObject): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const stream = file.internalStream("string");
    stream.on("data", (chunk) => {
      text += chunk;
      if (text.length < START_CHARACTERS) return;
      stream.pause();
      resolve(text);
    });
    stream.on("error", reject);
    stream.on("end", () => resolve(text));
    stream.resume();
  });
}
