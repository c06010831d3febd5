/**
 * Ways to damage a server's files. The damaged database has just been copied, so none of its pages is in memory yet.
 */
import { open, rm } from "node:fs/promises";
import path from "node:path";
import type { TestDatabase } from "./database.ts";

const PAGE_BYTES = 8192;

/** Overwrites the header of a page. @param relation a table or index of a database that was `copied` */
export async function damagePage(db: TestDatabase, relation: string, page: number): Promise<void> {
  await using file = await open(await fileOf(db, relation), "r+");
  await file.write(Buffer.alloc(20, 0xff), 0, 20, PAGE_BYTES * page + 8);
}

/** Fills the first page with one byte. */
export async function fillPage(db: TestDatabase, relation: string, byte: number): Promise<void> {
  await using file = await open(await fileOf(db, relation), "r+");
  await file.write(Buffer.alloc(PAGE_BYTES, byte), 0, PAGE_BYTES, 0);
}

export async function removeFile(db: TestDatabase, relation: string): Promise<void> {
  await rm(await fileOf(db, relation));
}

/** Removes the chunks of the first large value in a table. */
export const LOSE_PIECES = (table: string) => `
  CREATE EXTENSION IF NOT EXISTS pg_surgery;
  DO $$
  DECLARE toast regclass; pieces tid[];
  BEGIN
    SELECT reltoastrelid::regclass INTO toast FROM pg_class WHERE oid = '${table}'::regclass;
    EXECUTE format('SELECT array_agg(ctid) FROM %s WHERE chunk_id = (SELECT min(chunk_id) FROM %s)', toast, toast) INTO pieces;
    PERFORM heap_force_kill(toast, pieces);
  END $$;`;

async function fileOf(db: TestDatabase, relation: string): Promise<string> {
  const [row] = await db.query<{ folder: string; file: string }>(
    "SELECT current_setting('data_directory') AS folder, pg_relation_filepath($1::regclass) AS file",
    [relation],
  );
  if (!row) throw new Error("SELECT returned no row");
  return path.join(row.folder, row.file);
}
