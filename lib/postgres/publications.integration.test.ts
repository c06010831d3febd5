/** Compares what the catalog says about refused changes with a real DELETE and UPDATE of each table. */
import { describe, expect, test } from "vitest";
import { testDatabase } from "../testing/backups.ts";
import { MAJORS } from "../testing/majors.ts";
import { readRefusedChanges } from "./publications.ts";

const tables = (major: number) => `
  CREATE SCHEMA other;
  CREATE TABLE with_key (id int PRIMARY KEY, v int);
  CREATE TABLE without_key (id int NOT NULL, v int);
  CREATE TABLE unique_only (id int NOT NULL UNIQUE, v int);
  CREATE TABLE "By Index" (id int PRIMARY KEY, v int NOT NULL UNIQUE); ALTER TABLE "By Index" REPLICA IDENTITY USING INDEX "By Index_v_key";
  CREATE TABLE index_gone (id int PRIMARY KEY, v int NOT NULL); CREATE UNIQUE INDEX gone ON index_gone (v);
  ALTER TABLE index_gone REPLICA IDENTITY USING INDEX gone; DROP INDEX gone;
  CREATE TABLE nothing (id int PRIMARY KEY, v int); ALTER TABLE nothing REPLICA IDENTITY NOTHING;
  CREATE TABLE whole (id int PRIMARY KEY, v int); ALTER TABLE whole REPLICA IDENTITY FULL;
  CREATE TABLE deferrable_key (id int PRIMARY KEY DEFERRABLE, v int);
  CREATE UNLOGGED TABLE unlogged (id int, v int);
  CREATE TABLE both_in_key (v int, id int, PRIMARY KEY (id, v));
  CREATE TABLE included (id int, v int, PRIMARY KEY (id) INCLUDE (v));
  CREATE TABLE computed_key (v int, id int GENERATED ALWAYS AS (v) STORED PRIMARY KEY);
  CREATE TABLE computed_whole (id int PRIMARY KEY, v int, g int GENERATED ALWAYS AS (v) STORED); ALTER TABLE computed_whole REPLICA IDENTITY FULL;
  ${major >= 18 ? "CREATE TABLE virtual_whole (id int PRIMARY KEY, v int, g int GENERATED ALWAYS AS (v) VIRTUAL); ALTER TABLE virtual_whole REPLICA IDENTITY FULL;" : ""}
  CREATE TABLE parent (id int, v int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
  CREATE TABLE part_1 PARTITION OF parent FOR VALUES FROM (0) TO (10);
  CREATE TABLE other.part_2 (v int, gone int, id int NOT NULL); ALTER TABLE other.part_2 DROP gone; ALTER TABLE parent ATTACH PARTITION other.part_2 FOR VALUES FROM (10) TO (20);
  CREATE TABLE part_3 PARTITION OF parent FOR VALUES FROM (20) TO (30) PARTITION BY RANGE (id);
  CREATE TABLE part_4 PARTITION OF part_3 FOR VALUES FROM (20) TO (30); ALTER TABLE part_4 REPLICA IDENTITY FULL;
  CREATE TABLE part_5 PARTITION OF parent FOR VALUES FROM (30) TO (40); ALTER TABLE part_5 REPLICA IDENTITY NOTHING`;

/** Whether PostgreSQL refuses a command that would change no row. */
const REFUSES = `
  CREATE FUNCTION refuses(command text, name text) RETURNS boolean SET search_path = public LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE CASE command WHEN 'UPDATE' THEN 'UPDATE ' || name || ' SET v = v WHERE false' ELSE 'DELETE FROM ' || name || ' WHERE false' END;
    RETURN false;
  EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_column_reference THEN RETURN true; END $$`;

const NAMES =
  `with_key without_key unique_only "By Index" index_gone nothing whole deferrable_key unlogged both_in_key included computed_key
  computed_whole virtual_whole parent part_1 part_3 part_4 other.part_2 part_5`.match(
    /"[^"]+"|\S+/g,
  ) as string[];

/** Every kind of publication that PostgreSQL allows, for each table. */
function publications(major: number): string[] {
  const options = [
    ...["publish = 'insert, truncate'", "publish = 'delete'", "publish = 'update'"],
    ...["publish_via_partition_root", "publish_via_partition_root = false"],
    ...(major >= 18 ? ["publish_generated_columns = stored, publish_via_partition_root"] : []),
  ];
  const targets = [
    "FOR ALL TABLES",
    "FOR TABLES IN SCHEMA public",
    "FOR TABLES IN SCHEMA other",
    ...NAMES.flatMap((name) =>
      ["", "(id)", "(v)", "(v, id)"].flatMap((list) =>
        ["", "WHERE (id > 0)", "WHERE (v IS NULL AND 'x :varattno 1' <> '')"].map(
          (filter) => `FOR TABLE ${name} ${list} ${filter}`,
        ),
      ),
    ),
    ...["part_1", "other.part_2", "part_3", "part_4"].flatMap((name) => [
      `FOR TABLE parent (id), ${name} (v)`,
      `FOR TABLE parent (v), ${name} (id)`,
      `FOR TABLE parent WHERE (v > 0), ${name} WHERE (id > 0)`,
      `FOR TABLE ${name}, TABLES IN SCHEMA public`,
    ]),
  ];
  return targets.flatMap((target) => options.map((option) => `${target} WITH (${option})`));
}

describe.each(MAJORS)("PostgreSQL %s", (major) => {
  test("whatever is published, and however its rows are told", async () => {
    const { db, database } = await testDatabase({ major, sql: `${tables(major)}; ${REFUSES}` });
    const client = await database.connect("test");
    const relations = await db.query<{ oid: number; name: string }>(
      "SELECT oid, oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'other'::regnamespace) ORDER BY 2",
    );
    const loads = relations.map(({ oid }) => ({ table: { oid, partitions: [] } }));

    /** The tables for which PostgreSQL itself refuses a command. */
    async function refused(command: "UPDATE" | "DELETE"): Promise<string[]> {
      const { rows } = await client.query<{ names: string[] }>(
        "SELECT coalesce(json_agg(name ORDER BY name), '[]') AS names FROM json_array_elements_text($1) AS t (name) WHERE public.refuses($2, name)",
        [JSON.stringify(relations.map(({ name }) => name)), command],
      );
      return rows[0]?.names ?? [];
    }

    const counts = { publications: 0, refusals: 0 };
    try {
      for (const publication of publications(major)) {
        await client.query("BEGIN");
        const isTaken = await client
          .query(
            `SET LOCAL search_path = public; CREATE PUBLICATION "The one" ${publication}; SET LOCAL search_path = ''`,
          )
          .then(
            () => true,
            () => false,
          );
        if (isTaken) {
          counts.publications++;
          for (const command of ["UPDATE", "DELETE"] as const) {
            const found = await readRefusedChanges(client, loads, command);
            const names = found.map(({ root }) => relations.find(({ oid }) => oid === root)?.name);
            const expected = await refused(command);
            counts.refusals += expected.length;
            expect({ publication, command, names: names.toSorted() }).toEqual({
              publication,
              command,
              names: expected,
            });
          }
        }
        await client.query("ROLLBACK");
      }
    } finally {
      await client.end();
    }
    expect(counts.publications).toBeGreaterThan(1000);
    expect(counts.refusals).toBeGreaterThan(1000);
  }, 300_000);
});
