import { PrismaPg } from "@prisma/adapter-pg";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PrismaClient } from "../../../prisma/generated/client.ts";
import { restore, testDatabase } from "../../testing/backups.ts";
import { folderOf, tableFile } from "../../testing/original-backups.ts";

const TYPES = `
  CREATE TYPE mood AS ENUM ('happy', 'so, so', 'q"q');
  CREATE TYPE pair AS (a int, b text);
  CREATE DOMAIN d_int AS int; CREATE DOMAIN d_text AS text; CREATE DOMAIN d_words AS text[];
  CREATE DOMAIN d_stamp AS timestamptz(3); CREATE DOMAIN d_json AS jsonb NOT NULL;
  CREATE DOMAIN d_bytes AS bytea;`;

/** Text that PostgreSQL can store: no NUL, no half of a surrogate pair. */
const textValue = fc
  .oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("NULL", "null", "{}", '{"a"}', "\\", '"', ",", " ", "a\nb", "\u2028", "'"),
  )
  .map((it) => it.replaceAll("\0", ""));
const instant = fc
  .date({
    min: new Date("0001-01-01T00:00:00Z"),
    max: new Date("9999-12-31T00:00:00Z"),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString());
const timeOfDay = fc.nat(86_399_999).map((ms) => new Date(ms).toISOString().slice(11, -1));
const int8 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const numeric = fc
  .tuple(fc.boolean(), fc.nat(), fc.nat({ max: 40 }), fc.bigInt({ min: 0n, max: 10n ** 40n }))
  .map(([negative, whole, scale, fraction]) => {
    const digits = `${whole}.${String(fraction).padStart(scale, "0")}`;
    // Prisma does not keep trailing zeros. If a column has no fixed scale, they are lost.
    return `${negative ? "-" : ""}${digits.replace(/\.?0+$/, "") || "0"}`;
  });
const bytes = fc.uint8Array().map((it) => Buffer.from(it));
/** Numbers that JavaScript can represent. Others are lost. */
const jsonValue = fc
  .jsonValue({ noUnicodeString: false })
  .map((it) => JSON.parse(JSON.stringify(it).replaceAll("\\u0000", "")) as unknown);
const someJson = fc.oneof(
  jsonValue,
  fc.constantFrom({ $json: 1 }, { $json: null }, [null], "null"),
);
const list = <T>(of: fc.Arbitrary<T>, holdsNull = true) =>
  fc.array(holdsNull ? fc.option(of) : of, { maxLength: 5 });
const asJson = (it: unknown) => (it === null ? null : JSON.stringify(it));

/** A column's type, and the value given to PostgreSQL. */
const COLUMNS: Array<[type: string, value: fc.Arbitrary<unknown>]> = [
  ["boolean", fc.boolean()],
  ["int2", fc.integer({ min: -32768, max: 32767 })],
  ["int4", fc.integer()],
  ["int8", int8],
  ["numeric", fc.oneof(numeric, fc.constantFrom("NaN", "1e300", "-0.0001", "1e-30"))],
  ["numeric(65,30)", fc.constantFrom("0", "12345678901234567890.123", "1e-30")],
  ["float4", fc.float({ noNaN: true, noDefaultInfinity: true }).map((it) => it + 0 || 0)],
  ["float8", fc.double({ noNaN: true, noDefaultInfinity: true }).map((it) => it + 0 || 0)],
  ["text", textValue],
  ["varchar(300)", textValue.map((it) => [...it].slice(0, 20).join(""))],
  ["char(5)", fc.constantFrom("", "a", "a b", "abcde")],
  ["uuid", fc.uuid()],
  ["date", instant.map((it) => it.slice(0, 10))],
  ["time(3)", fc.oneof(timeOfDay, fc.constant("24:00:00"))],
  ["timetz(3)", timeOfDay.map((it) => `${it}+00`)],
  ["timestamp(3)", instant],
  ["timestamptz(3)", instant],
  ["bytea", bytes],
  ["json", someJson.filter((it) => it !== null).map(asJson)],
  ["jsonb", someJson.filter((it) => it !== null).map(asJson)],
  ["inet", fc.constantFrom("10.0.0.1", "10.0.0.0/8", "::1")],
  ["varbit", fc.constantFrom("", "101")],
  ["mood", fc.constantFrom("happy", "so, so", 'q"q')],
  ["pair", fc.constantFrom('(1,"a, b")', '(,"""")')],
  ["d_int", fc.integer()],
  ["d_text", textValue],
  ["d_stamp", instant],
  ["d_bytes", bytes],
  ["d_words", list(textValue)],
  ["int4[]", list(fc.integer())],
  ["int8[]", list(int8)],
  ["numeric[]", list(numeric)],
  ["float8[]", list(fc.double({ noNaN: true, noDefaultInfinity: true }).map((it) => it + 0 || 0))],
  ["boolean[]", list(fc.boolean())],
  ["text[]", list(textValue)],
  ["uuid[]", list(fc.uuid())],
  ["date[]", list(instant.map((it) => it.slice(0, 10)))],
  ["time(3)[]", list(timeOfDay)],
  ["timestamp(3)[]", list(instant)],
  ["timestamptz(3)[]", list(instant)],
  ["bytea[]", list(bytes)],
  ["jsonb[]", list(someJson.filter((it) => it !== null).map(asJson))],
  ["mood[]", list(fc.constantFrom("happy", "so, so", 'q"q'))],
  ["d_text[]", list(textValue)],
];
const REQUIRED: typeof COLUMNS = [
  ["json NOT NULL", someJson.map(JSON.stringify)],
  ["jsonb NOT NULL", someJson.map(JSON.stringify)],
  ["d_json", someJson.map(JSON.stringify)],
];
const ALL = [...COLUMNS, ...REQUIRED];

/** Converts bigints to JSON as many users of the original patched them. Without a patch, JSON.stringify throws. */
const withBigInts = (rows: unknown[]): object[] =>
  JSON.parse(JSON.stringify(rows, (_, it) => (typeof it === "bigint" ? String(it) : it)));

test("what a real Prisma Client reads and JSON.stringify writes comes back, type by type", async () => {
  const columns = ALL.map(([type], index) => `c${index} ${type}`).join(", ");
  const { db, database } = await testDatabase({ sql: `${TYPES} CREATE TABLE "T" (${columns})` });
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: db.url }) });
  const parameters = ALL.map(([type], index) => `$${index + 1}::${type.replace(" NOT NULL", "")}`);
  const asText = ALL.map((_, index) => `c${index}::text`).join(", ");
  const read = async () =>
    (await db.query(`SELECT ${asText} FROM "T"`)).map((row) => JSON.stringify(row)).sort();
  const row = fc.tuple(
    ...COLUMNS.map(([, value]) => fc.option(value, { freq: 8 })),
    ...REQUIRED.map(([, value]) => value),
  );
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 10, maxLength: 30 }), async (rows) => {
        await db.query('TRUNCATE "T"');
        for (const values of rows) {
          await db.query(`INSERT INTO "T" VALUES (${parameters.join(", ")})`, values);
        }
        const before = await read();
        const found = withBigInts(await prisma.$queryRawUnsafe<object[]>('SELECT * FROM "T";'));
        const folder = await folderOf({ "T.json": tableFile("T", found) });
        await restore(database, folder);
        expect(await read()).toEqual(before);
      }),
      // Shrinking a case of 47 columns with a database would take minutes.
      { numRuns: 15, endOnFailure: true },
    );
  } finally {
    await prisma.$disconnect();
  }
});
