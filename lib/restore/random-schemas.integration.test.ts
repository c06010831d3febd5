/**
 * Restores random schemas with random rows, and compares with `pg_dump` and the server's own output. A failure shows
 * the smallest schema that fails, as SQL, with its seed and path.
 *
 * `RANDOM_SCHEMA_RUNS`: number of schemas on each server. `RANDOM_SCHEMA_SEED`: determines the schemas. If left out,
 * they are always the same. `RANDOM_SCHEMA_SEED` and `RANDOM_SCHEMA_PATH` from a failure: repeat that schema.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Major } from "../../scripts/postgres-package.ts";
import { openArchive } from "../archive/archive-reader.ts";
import { createArchiveKey } from "../archive/encryption.ts";
import { createBackupFile } from "../backup/create-backup-file.ts";
import { openDatabase } from "../postgres/connection/connection.ts";
import { archivedRows, models, restore } from "../testing/backups.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { MAJORS } from "../testing/majors.ts";
import { databaseText, pgDumpText, surroundingsText } from "../testing/oracles.ts";
import { TEST_LIMIT_MS } from "../testing/patience.ts";
import { schemaModel, way } from "../testing/random-schemas/arbitrary.ts";
import { expectedFeatures } from "../testing/random-schemas/expected-features.ts";
import type { Way } from "../testing/random-schemas/model.ts";
import { type RenderedSchema, renderSchema } from "../testing/random-schemas/render.ts";
import { missedRows } from "../testing/row-oracle.ts";
import { SCOPE } from "../testing/scope.ts";
import { rehearse } from "./rehearsal/rehearse.ts";

const RUNS = SCOPE.randomSchemas;
const SEED = Number(process.env.RANDOM_SCHEMA_SEED ?? 20_260_504);
const PATH = process.env.RANDOM_SCHEMA_PATH;
/**
 * In long runs, each restore has a trial run before it, and another one afterwards, when there is nothing left to
 * change.
 */
const REHEARSES = process.env.RANDOM_SCHEMA_SEED !== undefined;

/** Time limit for the search for a smaller schema that fails. */
const SHRINK_MS = 120_000;
const LIMIT_MS = TEST_LIMIT_MS + RUNS * 5000;

test.concurrent.for(MAJORS)(
  `${RUNS} random schemas come back as they were, on PostgreSQL %i`,
  { timeout: LIMIT_MS },
  async (major) => {
    await using one = await createTestDatabase({ major });
    await using other = await createTestDatabase({ major });
    // The initial schema public has an owner and rights of its own, which `drop` does not restore.
    for (const { query } of [one, other]) await query("DROP SCHEMA public; CREATE SCHEMA public");
    const counts = new Map<string, number>();
    let failedAtMs = 0;
    const property = fc.asyncProperty(schemaModel, way, async (model, chosen) => {
      // After the time limit, fast-check reports the smallest schema found so far.
      if (failedAtMs > 0 && performance.now() > failedAtMs + SHRINK_MS) return;
      const schema = renderSchema(model, major);
      try {
        const changed = await roundTrip(schema, major, chosen, one, chosen.intoCopy ? other : null);
        for (const feature of [
          ...schema.features,
          ...waysOf(chosen),
          ...(changed ? ["rows that differ"] : []),
        ]) {
          counts.set(feature, (counts.get(feature) ?? 0) + 1);
        }
      } catch (error) {
        failedAtMs ||= performance.now();
        const message = error instanceof Error ? error.message : String(error);
        throw new Error(`${message}\n\n${schema.create}${schema.rows}${schema.constrain}`, {
          cause: error,
        });
      }
    });
    await fc.assert(property, {
      numRuns: RUNS,
      // Each server has its own seed, unless a failure is repeated.
      ...(PATH ? { seed: SEED, path: PATH } : { seed: SEED + major }),
    });

    // Without these features, the schemas would prove less than they seem to. A few schemas that differ in each run
    // need not have them all.
    if (PATH || RUNS < (process.env.RANDOM_SCHEMA_SEED ? 1000 : 100)) return;
    const rare = expectedFeatures(major)
      .filter(([feature, percent]) => (counts.get(feature) ?? 0) < (RUNS * percent) / 100)
      .map(([feature]) => `${feature}: ${counts.get(feature) ?? 0}`);
    expect(rare).toEqual([]);
  },
);

const waysOf = ({ kind, encrypted, intoCopy, byPgDump }: Way): string[] => [
  kind,
  encrypted ? "encrypted" : "not encrypted",
  ...(intoCopy ? ["into another database"] : []),
  ...(byPgDump ? ["by pg_dump"] : []),
];

const identity = await generateX25519Identity();
const recipients = [await identityToRecipient(identity)];

/** @returns whether there was something to restore */
async function roundTrip(
  schema: RenderedSchema,
  major: Major,
  { kind, encrypted, byPgDump }: Way,
  one: TestDatabase,
  other: TestDatabase | null,
): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "random-schema-"));
  const path = join(folder, "backup");
  const textOf = async ({ url, query }: TestDatabase) => {
    const texts = [await databaseText(url), await surroundingsText(url)];
    if (byPgDump && major === 15) texts.push(await pgDumpText(url));
    for (const view of schema.populated) {
      texts.push(JSON.stringify(await query(`SELECT * FROM ${view}`)));
    }
    return texts.join("\n");
  };
  const restoreInto = async ({ url }: TestDatabase) => {
    const database = openDatabase({ connectionString: url });
    try {
      await restore(database, path, { unlock: encrypted ? { identity } : {} });
    } finally {
      await database.close();
    }
  };
  const rehearseInto = async ({ url }: TestDatabase) => {
    const database = openDatabase({ connectionString: url });
    try {
      await using archive = await openArchive(path);
      await archive.unlock(encrypted ? { identity } : {});
      return await rehearse({ database, archive, models });
    } finally {
      await database.close();
    }
  };
  try {
    await one.query(schema.create + schema.rows + schema.constrain);
    const before = await textOf(one);
    const key = await createArchiveKey(
      encrypted ? { mode: "recipients", recipients } : { mode: "none" },
    );
    const database = openDatabase({ connectionString: one.url });
    const { warnings } = await createBackupFile({ database, models, key, path, kind }).finally(() =>
      database.close(),
    );
    const archived = await archivedRows(path, encrypted ? { identity } : {});
    expect(await missedRows(one.url, archived, warnings)).toEqual([]);

    await one.query(schema.mess);
    const isChanged = !before.startsWith(await databaseText(one.url));
    if (REHEARSES) {
      const now = await textOf(one);
      const { obstacles, violations, tables } = await rehearseInto(one);
      expect(await textOf(one)).toBe(now);
      expect({ obstacles, violations }).toEqual({ obstacles: [], violations: [] });
      for (const { changes } of tables) expect(changes).not.toBeNull();
    }
    await restoreInto(one);
    expect(await textOf(one)).toBe(before);
    if (REHEARSES) {
      for (const { changes, rowsInBackup } of (await rehearseInto(one)).tables)
        expect(changes).toEqual({ added: 0, removed: 0, changed: 0, same: rowsInBackup });
    }
    if (other) {
      await other.query(schema.create + schema.constrain);
      await restoreInto(other);
      expect(await textOf(other)).toBe(before);
    }
    return isChanged;
  } finally {
    await one.query(schema.drop);
    await other?.query(schema.drop);
    await rm(folder, { recursive: true, force: true });
  }
}
