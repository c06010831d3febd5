/** A trial run predicts the restore and changes nothing. The restore itself and `pg_dump` check this. */
import { describe, expect, test } from "vitest";
import type { RehearsedTable, RowChanges } from "../../shared/rehearsal.ts";
import { backUp, leftSessions, restore, testDatabase } from "../../testing/backups.ts";
import type { TestDatabase } from "../../testing/database.ts";
import { MAJORS } from "../../testing/majors.ts";
import { databaseText, pgDumpText } from "../../testing/oracles.ts";
import { rehearsed } from "../../testing/rehearsals.ts";
import { SCHEMA_CASES } from "../../testing/schema-cases.ts";
import { sample } from "../../testing/scope.ts";

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Reads each table's rows as text, by their key. If there is no key, by the whole row. */
async function rowsByKey(db: TestDatabase, tables: readonly RehearsedTable[]) {
  const found: Array<Array<[key: string, row: string]>> = [];
  for (const { schema, name, key } of tables) {
    const id =
      key.length > 0 ? `ROW(${key.map((it) => `t.${quoted(it)}`).join(", ")})::text` : "''";
    const [kind] = await db.query<{ only: string }>(
      "SELECT CASE relkind WHEN 'r' THEN 'ONLY ' ELSE '' END AS only FROM pg_class WHERE oid = $1::regclass",
      [`${quoted(schema)}.${quoted(name)}`],
    );
    const rows = await db.query<{ id: string; row: string }>(
      `SELECT ${id} AS id, t.*::text AS row FROM ${kind?.only}${quoted(schema)}.${quoted(name)} t`,
    );
    found.push(rows.map(({ id: it, row }) => [it, row]));
  }
  return found;
}

function changesBetween(
  hasKey: boolean,
  before: ReadonlyArray<[string, string]>,
  after: ReadonlyArray<[string, string]>,
): RowChanges {
  const changes = { added: 0, removed: 0, changed: 0, same: 0 };
  if (!hasKey) {
    const left = before.map(([, row]) => row);
    for (const [, row] of after) {
      const at = left.indexOf(row);
      if (at === -1) changes.added++;
      else {
        changes.same++;
        left.splice(at, 1);
      }
    }
    return { ...changes, removed: left.length };
  }
  const old = new Map(before);
  for (const [key, row] of after) {
    if (!old.has(key)) changes.added++;
    else if (old.get(key) === row) changes.same++;
    else changes.changed++;
    old.delete(key);
  }
  return { ...changes, removed: old.size };
}

/** Only the newest version, unless all are tested, because all versions restore these schemas in any case. */
const REHEARSED = MAJORS.length > 2 ? MAJORS : MAJORS.slice(-1);

describe.for(REHEARSED)("PostgreSQL %i", (major) => {
  const everything = ({ url }: TestDatabase) =>
    major === 15 ? pgDumpText(url) : databaseText(url);

  test.for(sample(SCHEMA_CASES.filter((it) => major >= (it.since ?? 15))))(
    "$what",
    async ({ sql, change }) => {
      const { db, database } = await testDatabase({ major, sql });
      const { path } = await backUp(database);
      await db.query(`SET session_replication_role = replica; ${change}`);
      const before = await everything(db);

      const report = await rehearsed(database, path);
      expect(await everything(db)).toBe(before);
      expect(await leftSessions(db)).toEqual([]);
      expect(report.obstacles).toEqual([]);
      expect(report.violations).toEqual([]);
      expect(report.wouldSucceed).toBe(true);

      const rowsBefore = await rowsByKey(db, report.tables);
      await restore(database, path);
      const rowsAfter = await rowsByKey(db, report.tables);
      for (const [index, { schema, name, key, changes, samples }] of report.tables.entries()) {
        const expected = changesBetween(
          key.length > 0,
          rowsBefore[index] ?? [],
          rowsAfter[index] ?? [],
        );
        expect({ schema, name, ...changes }).toEqual({ schema, name, ...expected });
        for (const kind of ["added", "removed", "changed"] as const) {
          const sampled = samples.filter(({ change }) => change === kind).length;
          // If rows have no key, equal ones are listed once.
          if (key.length > 0) expect(sampled).toBe(Math.min(expected[kind], 20));
          else expect(sampled > 0).toBe(expected[kind] > 0);
        }
      }

      const again = await rehearsed(database, path);
      for (const { changes, rowsInBackup } of again.tables)
        expect(changes).toEqual({ added: 0, removed: 0, changed: 0, same: rowsInBackup });
    },
  );
});
