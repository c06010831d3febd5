import { isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { BackupError, systemCodeOf } from "../errors.ts";
import type { Exclusion, TableName, Unlock } from "../shared/api.ts";

export const USAGE = `Usage: prisma-backup COMMAND …

  init    [--client MODULE#EXPORT] [--auth none | KIND[=MODULE#EXPORT]] [--mount /admin/backup]
          [--yes | --dry-run]
  doctor  [--url URL] [--app URL [--cookie-file F]] [--upload-dir DIR] [--json]
  create  --url URL --out FILE (--passphrase-file F | --recipient AGE1… | --no-encryption)
          [--table SCHEMA.NAME]… [--exclude SCHEMA | SCHEMA.NAME]… [--include SCHEMA | SCHEMA.NAME]…
  inspect FILE [--passphrase-file F | --identity-file F] [--json]
  verify  FILE [--passphrase-file F | --identity-file F]
  restore FILE --url URL [--passphrase-file F | --identity-file F] [--yes | --rehearse [--json]]
          [--table SCHEMA.NAME]… [--exclude SCHEMA | SCHEMA.NAME]… [--include SCHEMA | SCHEMA.NAME]…
          [--mode replace | if-empty | keep-existing | overwrite]
  order   --url URL [--include SCHEMA | SCHEMA.NAME]… [--json]

init     mounts the page into the Next.js app in this folder: asks which Prisma client and which sign-in,
         shows the files, asks, and never overwrites one; --client and --auth say which outright
doctor   checks whether backups and restores will work here, and says what to do if they will not
create   backs up a PostgreSQL database into FILE, which must not exist yet;
         --table chooses tables, --exclude leaves out a table, or all of a schema
inspect  says what a backup holds
verify   reads a whole backup and checks every checksum and row count
restore  replaces the rows of a database's tables by a backup's: all of it, or nothing.
         --table chooses tables, --exclude leaves out a table, or all of a schema, whose rows stay as they are;
         --mode if-empty refuses tables that hold rows, keep-existing adds the rows
         whose key is missing, overwrite replaces rows with the same key and adds the others;
         Without --yes it only checks, and says what it would do;
         with --rehearse it does a trial run, and says what would change and what would fail
order    shows the table order, in which the tables can be loaded, and why

Schemas that the hosting platform keeps for itself, such as Supabase's auth, are left out and named:
--include takes one in, or a table of it. --table names such tables itself.

FILE is a backup's zip file or folder, ours or one that @vorlefan/prisma-backup wrote (--passphrase-file: its password).
--url is a connection string: postgresql://user:password@host:5432/database
MODULE#EXPORT is what a module of the app exports: lib/prisma.ts#prisma, @acme/db#default, lib/db.ts#getDb()
KIND is next-auth, auth-js (next-auth 5), better-auth or clerk: --auth next-auth=lib/auth.ts#authOptions
--app is where the page of the running app is: http://localhost:3000/admin/backup
--cookie-file holds the Cookie header of an administrator: then doctor uploads 12 MB, and removes them again.
--recipient, --table, --exclude and --include may be repeated. A name with a dot or quote in it: '"my.schema"."my table"'.
Exit code: 0 done, 1 failed (doctor, --rehearse: a backup or a restore would fail), 2 wrong usage, or not confirmed.
`;

/** Returns the usage of one command. For an unknown name, returns the list of commands. */
export function usageOf(command: string): string {
  const [, synopses = ""] = USAGE.split("\n\n");
  const all = synopses.split(/\n(?= {2}\w)/);
  const nameOf = (synopsis: string) => synopsis.trim().split(" ")[0] ?? "";
  const own = all.find((synopsis) => nameOf(synopsis) === command);
  return `Usage: prisma-backup ${own?.trim() ?? `${all.map(nameOf).join(" | ")} …`}\nMore: prisma-backup --help\n`;
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {}

/** Only the confirmation is missing. Exit code 2, but without the usage, because the usage was right. */
export class NotConfirmedError extends Error {}

/** Parses the declared options and exactly `positionals` other words. @throws UsageError */
export function parseOptions<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: string[],
  options: Options,
  positionals: 0 | 1 = 0,
) {
  try {
    const parsed = parseArgs({ args, options, allowPositionals: positionals > 0, strict: true });
    if (parsed.positionals.length !== positionals) {
      throw new UsageError(
        positionals === 0 ? "Too many words." : "Name one backup: its zip file or folder.",
      );
    }
    return { ...parsed.values, file: parsed.positionals[0] ?? "" };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function required(value: string | undefined, option: string): string {
  if (value === undefined || value === "") throw new UsageError(`--${option} is missing.`);
  return value;
}

export const UNLOCK_OPTIONS = {
  "passphrase-file": { type: "string" },
  "identity-file": { type: "string" },
} as const;

/** Reads what opens an archive from the files that the options name. Empty if they name none. */
export async function readUnlock(options: {
  "passphrase-file"?: string;
  "identity-file"?: string;
}): Promise<Unlock> {
  const { "passphrase-file": passphraseFile, "identity-file": identityFile } = options;
  if (passphraseFile !== undefined && identityFile !== undefined) {
    throw new UsageError("Give --passphrase-file or --identity-file, not both.");
  }
  if (passphraseFile !== undefined) return { passphrase: await readPassphrase(passphraseFile) };
  if (identityFile !== undefined) return { identity: await readText(identityFile) };
  return {};
}

const lineEnd = /\r?\n$/;

/**
 * Reads the passphrase for a new backup, without the line end that editors add.
 * @throws REQUEST_INVALID if it is not UTF-8: other files of invalid bytes would become the same text, and open the
 * backup
 */
export async function readNewPassphrase(path: string): Promise<string> {
  const bytes = await readBytes(path);
  const text = decodeStrictly(bytes);
  if (text === null || text.includes("\0")) {
    throw new BackupError("REQUEST_INVALID", `${path} is not text in UTF-8. No backup was made.`, {
      hint: "Save the passphrase as UTF-8 without a byte order mark. For random bytes, write them as text first: head -c 32 /dev/urandom | base64 > FILE",
    });
  }
  return text.replace(lineEnd, "");
}

/** Says what is unusual about a passphrase, because a person might not type it again exactly. */
export function passphraseWarnings(passphrase: string, path: string): string[] {
  const unusual = [
    /^\s|\s$/.test(passphrase) && "begins or ends with a blank, which counts",
    /[\r\n]/.test(passphrase) && "has more than one line, and all of them are the passphrase",
  ].filter((it) => it !== false);
  return unusual.map((what) => `The passphrase in ${path} ${what}.`);
}

/** Reads from a file the passphrase of an existing backup. It also accepts those that no new backup may have. */
const readPassphrase = async (path: string): Promise<string> =>
  (await readBytes(path)).toString().replace(lineEnd, "");

/** @throws BackupError NOT_FOUND if it cannot be read, REQUEST_INVALID if it is not UTF-8 text */
export async function readText(path: string): Promise<string> {
  const text = decodeStrictly(await readBytes(path));
  if (text !== null && !text.includes("\0")) return text;
  throw new BackupError("REQUEST_INVALID", `${path} is not text in UTF-8. Nothing was changed.`, {
    hint: "Save it as UTF-8: some editors and PowerShell write UTF-16.",
  });
}

/** Returns the text without a byte order mark. Null if the bytes are not UTF-8. */
function decodeStrictly(bytes: Buffer): string | null {
  return isUtf8(bytes) ? new TextDecoder().decode(bytes) : null;
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new BackupError(
      "NOT_FOUND",
      `${path} cannot be read (${systemCodeOf(cause)}). Nothing was changed.`,
      { cause },
    );
  }
}

const PART = '(?:"((?:[^"]|"")+)"|([^".]+))';
const TABLE_NAME = new RegExp(`^${PART}\\.${PART}$`);
const SCHEMA = new RegExp(`^${PART}(?:\\.\\*)?$`);

const partOf = (quoted: string | undefined, plain: string | undefined): string =>
  quoted?.replaceAll('""', '"') ?? plain ?? "";

/** Parses `schema.name`, as in the database, in double quotes around dots or quotes. @throws UsageError */
export function parseTableName(text: string): TableName {
  const match = TABLE_NAME.exec(text);
  if (!match) throw new UsageError(`“${text}” is not SCHEMA.NAME.`);
  return { schema: partOf(match[1], match[2]), name: partOf(match[3], match[4]) };
}

/** Parses the values of `--include`. Not allowed with `--table`, which already names all tables. @throws UsageError */
export function parseInclude(
  include: readonly string[] | undefined,
  tables?: readonly unknown[],
): Exclusion[] | undefined {
  if (include && tables) {
    throw new UsageError(
      "Give --table or --include, not both: --table names the platform's tables as well.",
    );
  }
  return include?.map(parseExclusion);
}

/** Parses `schema.name`, or a whole schema: `schema` or `schema.*`. @throws UsageError */
export function parseExclusion(text: string): Exclusion {
  const match = SCHEMA.exec(text);
  if (match) return { schema: partOf(match[1], match[2]) };
  if (!TABLE_NAME.test(text)) throw new UsageError(`“${text}” is neither SCHEMA nor SCHEMA.NAME.`);
  return parseTableName(text);
}
