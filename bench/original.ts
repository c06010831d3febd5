/**
 * The way of `@vorlefan/prisma-backup`: findMany reads all rows into one JSON file, and createMany writes all of them
 * back. Arguments: connection string, file, `dump` or `load`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "../prisma/generated/client.ts";

const [connectionString = "", file = "", way] = process.argv.slice(2);
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString }) });
if (way === "dump") {
  const rows = await prisma.auditEvent.findMany();
  await writeFile(
    file,
    JSON.stringify(rows, (_key, value) => (typeof value === "bigint" ? String(value) : value)),
  );
} else {
  const rows: Array<Record<string, string>> = JSON.parse(await readFile(file, "utf8"));
  await prisma.auditEvent.createMany({
    data: rows.map((row) => ({ ...row, id: BigInt(row.id ?? 0) })) as never,
  });
}
await prisma.$disconnect();
