/**
 * Whatever a schema is made of, a restore brings back every row and leaves all else as it is: by `pg_dump` on
 * PostgreSQL 15, by what the server itself prints on both. To add a case is to add an entry to SCHEMA_CASES.
 */
import { describe, expect, test } from "vitest";
import type { TestDatabase } from "../../scripts/testing/database.ts";
import { databaseText, pgDumpText, surroundingsText } from "../../scripts/testing/oracles.ts";
import { backUp, check, restore, testDatabase } from "./testing.ts";
import { SCHEMA_CASES } from "./testing-schemas.ts";

describe.for([15, 18] as const)("PostgreSQL %i", (major) => {
  const everything = async ({ url, name }: TestDatabase) =>
    [major === 15 ? await pgDumpText(url) : await databaseText(url), await surroundingsText(url)]
      .join("")
      .replaceAll(name, "db")
      // PostgreSQL names its own triggers by their number. What they are is among the surroundings.
      .replaceAll(/RI_ConstraintTrigger_([ac])_\d+/g, "RI_ConstraintTrigger_$1");

  test.for(SCHEMA_CASES.filter((it) => major >= (it.since ?? 15)))(
    "$what",
    async ({ sql, change }) => {
      const { db, database } = await testDatabase({ major, sql });
      const before = await everything(db);
      const { path } = await backUp(database);

      await db.query(`SET session_replication_role = replica; ${change}`);
      expect(await everything(db)).not.toBe(before);
      const { checks } = await check(database, path);
      expect(checks.filter(({ state }) => state === "failed")).toEqual([]);
      expect((await restore(database, path)).warnings).toEqual([]);
      expect(await everything(db)).toBe(before);

      // And into another database, whose rows differ as well.
      const other = await testDatabase({ major, sql });
      await other.db.query(`SET session_replication_role = replica; ${change}`);
      await restore(other.database, path);
      expect(await everything(other.db)).toBe(before);
    },
  );
});
