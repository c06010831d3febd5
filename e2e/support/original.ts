/** Writes backups as `@vorlefan/prisma-backup` 0.4.0 does: its own statements and encodings, with a real client. */
import { createCipheriv, randomBytes, scryptSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "../../prisma/generated/client.ts";

/** The original names tables without their schema. Its users had to set this if they have several. */
const SEARCH_PATH = ["public", "warehouse"];

interface OriginalOptions {
  folder: string;
  databaseUrl: string;
  password?: string;
}

/** @returns the names of the tables, one file each */
export async function writeOriginalBackup(options: OriginalOptions): Promise<string[]> {
  const { folder, databaseUrl, password } = options;
  await mkdir(folder, { recursive: true });
  const url = new URL(databaseUrl);
  url.searchParams.set("options", `-c search_path=${SEARCH_PATH.join(",")}`);
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url.href }) });
  try {
    const tables = await prisma.$queryRaw<Array<{ table_name: string; row_count: bigint }>>`
      SELECT relname AS table_name, n_live_tup AS row_count FROM pg_stat_user_tables
      WHERE schemaname = ANY (${SEARCH_PATH}) ORDER BY table_name`;
    for (const { table_name, row_count } of tables) {
      const rows = await prisma.$queryRawUnsafe<object[]>(`SELECT * FROM "${table_name}";`);
      const marked = rows.map((row) => ({
        ...row,
        __table_name: table_name,
        __row_count: Number(row_count),
      }));
      const json = JSON.stringify(marked, bigintAsText);
      await writeFile(
        path.join(folder, `${table_name}.json`),
        password === undefined ? json : encrypt(json, password),
      );
    }
    return tables.map(({ table_name }) => table_name);
  } finally {
    await prisma.$disconnect();
  }
}

/** What its users patched into `BigInt.prototype.toJSON`. Without that the original throws. */
const bigintAsText = (_key: string, value: unknown) =>
  typeof value === "bigint" ? value.toString() : value;

/** The original never stored the tag. */
function encrypt(text: string, password: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-192-ccm", scryptSync(password, "salt", 24), iv, {
    authTagLength: 12,
  });
  const encryptedText = cipher.update(text, "utf8", "hex");
  cipher.final();
  return JSON.stringify({ encryptedText, iv: JSON.stringify(iv) });
}
