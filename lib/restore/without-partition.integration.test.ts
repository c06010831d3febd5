/** Rows for which there is no partition: the trial run shows them, and the restore reports the same. */
import { describe, expect, test } from "vitest";
import type { RestoreMode } from "../shared/api.ts";
import { backUp, errorOf, restore, testDatabase } from "../testing/backups.ts";
import { MAJORS } from "../testing/majors.ts";
import { rehearsed } from "../testing/rehearsals.ts";

const WITHOUT_KEY = `
  CREATE TABLE visit (d date NOT NULL, who text) PARTITION BY RANGE (d);
  CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE visit_new PARTITION OF visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  INSERT INTO visit VALUES ('2024-01-01', 'a'), ('2024-01-02', 'b'), ('2025-01-01', 'c')`;

const WITH_KEY = `
  CREATE TABLE "Visit" (id int PRIMARY KEY, who text) PARTITION BY RANGE (id);
  CREATE TABLE visit_old PARTITION OF "Visit" FOR VALUES FROM (0) TO (10);
  CREATE TABLE visit_new PARTITION OF "Visit" FOR VALUES FROM (10) TO (20);
  INSERT INTO "Visit" VALUES (7, 'a'), (8, 'b'), (11, 'c')`;

const DEEP = `
  CREATE TABLE visit (a int, b int, c text) PARTITION BY RANGE ((a + b));
  CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM (0) TO (10) PARTITION BY LIST (upper(c));
  CREATE TABLE visit_a PARTITION OF visit_old FOR VALUES IN ('A'); CREATE TABLE visit_b PARTITION OF visit_old FOR VALUES IN ('B');
  INSERT INTO visit VALUES (1, 2, 'a'), (3, 4, 'b')`;

interface Case {
  what: string;
  sql: string;
  change: string;
  mode?: RestoreMode;
  columns: string[];
  rows: Array<{ key: string[]; values: string[] }>;
  blamed: { key: string; otherKeys?: string[] };
  remedy: string;
}

const CASES: Case[] = [
  {
    what: "a table without a key",
    sql: WITHOUT_KEY,
    change: "DROP TABLE visit_old",
    columns: ["d"],
    rows: [
      { key: [], values: ["2024-01-01"] },
      { key: [], values: ["2024-01-02"] },
    ],
    blamed: { key: "d = 2024-01-01", otherKeys: ["d = 2024-01-02"] },
    remedy: "PARTITION OF public.visit ",
  },
  {
    what: "a table with a key",
    sql: WITH_KEY,
    change: "DROP TABLE visit_old",
    columns: ["id"],
    rows: [
      { key: ["7"], values: ["7"] },
      { key: ["8"], values: ["8"] },
    ],
    blamed: { key: "id = 7", otherKeys: ["id = 8"] },
    remedy: `PARTITION OF public."Visit" `,
  },
  {
    what: "a table with a key, into which rows are merged",
    sql: WITH_KEY,
    change: "DROP TABLE visit_old",
    mode: "overwrite",
    columns: ["id"],
    rows: [
      { key: ["7"], values: ["7"] },
      { key: ["8"], values: ["8"] },
    ],
    blamed: { key: "id = 7", otherKeys: ["id = 8"] },
    remedy: `PARTITION OF public."Visit" `,
  },
  {
    what: "partitions of partitions, by expressions",
    sql: DEEP,
    change: "DROP TABLE visit_b",
    columns: ["a", "b", "c"],
    rows: [{ key: [], values: ["3", "4", "b"] }],
    blamed: { key: "a = 3, b = 4, c = b" },
    remedy: "PARTITION OF public.visit ",
  },
];

describe.each(MAJORS)("PostgreSQL %s", (major) => {
  test.each(CASES)(
    "$what",
    async ({ sql, change, mode = "replace", columns, rows, blamed, remedy }) => {
      const { db, database } = await testDatabase({ major, sql });
      const { path } = await backUp(database);
      await db.query(change);
      const scope = { mode };
      const { wouldSucceed, violations } = await rehearsed(database, path, { scope });
      expect({ wouldSucceed, violations }).toMatchObject({
        wouldSucceed: false,
        violations: [
          {
            kind: "partition",
            columns,
            total: rows.length,
            rows,
            remedy: expect.stringContaining(remedy),
          },
        ],
      });
      const error = await errorOf(restore(database, path, { scope }));
      expect(error).toMatchObject({ code: "CONSTRAINT_VIOLATED", details: blamed });
      expect(error.message).toContain("belong to no partition");
      expect(error.hint).toContain(`CREATE TABLE … ${remedy}`);
    },
  );
});
