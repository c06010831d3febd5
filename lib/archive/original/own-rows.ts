/** Tables that inherit: the original's `SELECT * FROM` a parent also returned the rows of its children. */
import { createHash } from "node:crypto";
import { quote } from "../../shared/archive/entry-names.ts";
import { tableKey } from "../../shared/table-name.ts";
import { invalidArchive } from "../archive-error.ts";
import type { MatchedTable } from "./match-tables.ts";
import type { Row } from "./parse-row.ts";

/** Each is kept as a digest in memory while its parent is read. */
const MAX_INHERITED_ROWS = 2_000_000;

/** The number of rows in a table's files. */
export const rowsOf = ({ files }: MatchedTable): number =>
  files.reduce((sum, { rows }) => sum + rows, 0);

/** All tables that inherit from a table, at any depth, each once. */
export function descendantsOf(table: MatchedTable, all: readonly MatchedTable[]): MatchedTable[] {
  const found = new Set<MatchedTable>();
  const visit = (parent: MatchedTable) => {
    for (const child of all) {
      const inherits = child.table?.inherits.some((it) => tableKey(it) === tableKey(parent));
      if (!inherits || found.has(child)) continue;
      found.add(child);
      visit(child);
    }
  };
  visit(table);
  return [...found];
}

/** Counts a table's own rows. @throws ARCHIVE_INVALID if its file has fewer rows than its children */
export function countOwnRows(table: MatchedTable, all: readonly MatchedTable[]): number {
  const rows = rowsOf(table);
  const inherited = descendantsOf(table, all).reduce(
    (sum, child) => sum + countOwnRows(child, all),
    0,
  );
  if (inherited > MAX_INHERITED_ROWS) {
    throw invalidArchive(
      `The tables that inherit from ${quote(table.name)} have ${inherited} rows, more than can be told from its own.`,
    );
  }
  if (rows < inherited) throw notInherited(table);
  return rows - inherited;
}

/**
 * Removes the children's rows from a parent's, each as often as it occurs there.
 *
 * @param keys the parent's columns
 * @throws ARCHIVE_INVALID if one of them is missing
 */
export async function* withoutInherited(
  rows: AsyncIterable<Row[]>,
  inherited: AsyncIterable<Row[]>,
  keys: readonly string[],
  table: MatchedTable,
): AsyncGenerator<Row[]> {
  const digestOf = (row: Row) =>
    createHash("sha256")
      .update(JSON.stringify(keys.map((key) => row[key])))
      .digest("base64");
  const counts = new Map<string, number>();
  for await (const some of inherited) {
    for (const row of some) {
      const digest = digestOf(row);
      counts.set(digest, (counts.get(digest) ?? 0) + 1);
    }
  }
  for await (const some of rows) {
    yield some.filter((row) => {
      const digest = digestOf(row);
      const count = counts.get(digest);
      if (count === 1) counts.delete(digest);
      else if (count !== undefined) counts.set(digest, count - 1);
      return count === undefined;
    });
  }
  if (counts.size > 0) throw notInherited(table);
}

const notInherited = ({ name }: MatchedTable) =>
  invalidArchive(
    `The file of ${quote(name)} does not hold all rows of the tables that inherit from it, as it did when the backup was made.`,
    { hint: "The files may be of different backups, or rows were skipped by the option offset." },
  );
