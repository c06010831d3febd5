import { BackupError, ownError } from "../../errors.ts";
import { quote } from "../../shared/archive/entry-names.ts";
import type { OriginalFile } from "../../shared/archive/original-files.ts";
import { invalidArchive } from "../archive-error.ts";
import type { EntrySource } from "../entry-source.ts";
import { readFile } from "./read-file.ts";
import { type ScannedFile, scanFile } from "./scan-file.ts";

interface Evidence {
  file: OriginalFile;
  /**
   * Whether its text begins like the original's: by a wrong password, once in millions. Null if it is too short to
   * tell.
   */
  opens: boolean | null;
  error: BackupError | null;
}

const EMPTY_TABLE_BYTES = "[]".length;
const BEGINNING = '[{"';

/**
 * Reads every file once.
 *
 * @throws WRONG_PASSPHRASE if no encrypted file decrypts to JSON, else ARCHIVE_INVALID, ARCHIVE_TRUNCATED with the
 *   files
 */
export async function scanFiles(
  source: EntrySource,
  files: readonly OriginalFile[],
  key: Buffer | null,
  signal: AbortSignal,
): Promise<ScannedFile[]> {
  const scanned: ScannedFile[] = [];
  const evidence: Evidence[] = [];
  for (const file of files) {
    let sha256 = "";
    /** Undefined until the text is known. */
    let opens: Evidence["opens"] | undefined;
    const options = {
      key,
      signal,
      onDigest: (digest: string) => {
        sha256 = digest;
      },
    };
    const content = tapFirst(readFile(source, file, options), (json) => {
      opens = json.length > EMPTY_TABLE_BYTES ? json.toString("latin1", 0, 3) === BEGINNING : null;
    });
    try {
      scanned.push({ ...(await scanFile(file, content)), sha256 });
      if (file.isEncrypted)
        evidence.push({ file, opens: opens === null ? null : true, error: null });
    } catch (thrown) {
      const error = ownError(thrown);
      if (error === null) throw thrown;
      const isOfText = opens !== undefined && /^ARCHIVE_(INVALID|TRUNCATED)$/.test(error.code);
      if (!file.isEncrypted || !isOfText) throw error;
      evidence.push({ file, opens: opens ?? null, error });
    }
  }
  judge(evidence);
  return scanned;
}

function judge(evidence: Evidence[]): void {
  const failed = evidence.filter(({ error }) => error !== null);
  if (failed.length === 0) return;
  const telling = evidence.filter(({ opens }) => opens !== null);
  const opened =
    telling.length > 0 ? telling.some(({ opens }) => opens) : failed.length < evidence.length;
  if (!opened) {
    throw new BackupError("WRONG_PASSPHRASE", "The password does not open this backup.", {
      hint: "Type it again, as it was when the backup was made: upper and lower case count. If it is right for certain, the files are damaged.",
    });
  }
  const [first] = failed;
  if (first?.error && failed.length === 1) throw first.error;
  const names = failed.map(({ file }) => file.entry);
  const some = names.slice(0, 5).map(quote).join(", ");
  throw invalidArchive(
    `${names.length} encrypted files are damaged: ${some}${names.length > 5 ? " …" : ""}.`,
    { details: { entries: names } },
  );
}

/** Calls `onFirst` with the first chunk, which for an encrypted file is its whole text. */
async function* tapFirst(
  content: AsyncIterable<Buffer>,
  onFirst: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of content) {
    if (isFirst) onFirst(chunk);
    isFirst = false;
    yield chunk;
  }
}
