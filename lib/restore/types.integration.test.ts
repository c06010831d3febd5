/**
 * Values of every type, alone and in arrays, domains and composites, are restored unchanged. To add a case, add it to
 * TYPE_CASES.
 */

import { expect, test } from "vitest";
import type { Major } from "../../scripts/postgres-package.ts";
import { backUp, restore, testDatabase } from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { MAJORS, UPGRADES } from "../testing/majors.ts";
import { pgDumpText } from "../testing/oracles.ts";
import { TYPE_CASES, TYPES_SQL, type TypeCase, typeTable } from "../testing/type-cases.ts";

/** Reads each table's rows as PostgreSQL's text and, if all its types have one, in their binary form. */
async function rowsOf(db: TestDatabase, index: number) {
  const rows = (value: string) =>
    db.query(
      `SELECT md5(${value}) AS hash, left(${value}, 200) AS start FROM type_${index} t ORDER BY 1`,
    );
  return {
    text: await rows("t::text"),
    binary: await rows("encode(record_send(t), 'hex')").catch((error: Error) => error.message),
  };
}

const casesOf = (major: Major) => TYPE_CASES.filter((it) => major >= (it.since ?? 15));

async function databaseOf(major: Major, cases: TypeCase[]) {
  const scene = await testDatabase({ major, sql: TYPES_SQL });
  for (const [index, it] of cases.entries()) {
    // Name the type whose SQL is wrong.
    await scene.db.query(typeTable(it, index)).catch((error: Error) => {
      throw new Error(`${it.type}: ${error.message}`);
    });
  }
  return scene;
}

const truncateAll = (db: TestDatabase, cases: TypeCase[]) =>
  db.query(cases.map((_, index) => `TRUNCATE type_${index}`).join("; "));

test.for(MAJORS)("PostgreSQL %i", async (major) => {
  const cases = casesOf(major);
  const { db, database } = await databaseOf(major, cases);
  const labels = cases.map(({ type }, index) => `${type} (${index})`);
  const read = () => Promise.all(cases.map((_, index) => rowsOf(db, index)));
  const before = await read();
  const dump = major === 15 ? await pgDumpText(db.url) : "";
  const { path } = await backUp(database);
  await truncateAll(db, cases);
  await restore(database, path);
  const after = await read();
  for (const [index, label] of labels.entries()) expect(after[index], label).toEqual(before[index]);
  if (major === 15) expect((await pgDumpText(db.url)) === dump).toBe(true);
  // Only types without a binary form are compared by text alone.
  const withoutBinary = before.flatMap(({ binary }, index) =>
    typeof binary === "string" ? [cases[index]?.type] : [],
  );
  expect(withoutBinary.toSorted()).toEqual(["aclitem", "isbn13", "query_int", "seg"]);
});

test.for(UPGRADES)("from PostgreSQL %i to %i", async ([from, to]) => {
  const cases = casesOf(from);
  const old = await databaseOf(from, cases);
  const { db, database } = await databaseOf(to, cases);
  const { path } = await backUp(old.database);
  await truncateAll(db, cases);
  await restore(database, path);
  for (const [index, { type }] of cases.entries()) {
    const { text } = await rowsOf(db, index);
    expect(text, type).toEqual((await rowsOf(old.db, index)).text);
  }
});
