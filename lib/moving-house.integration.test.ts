/** Moves an app from one server to another, following docs/migrating.md step by step. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { PrismaClient } from "../prisma/generated/client.ts";
import { migrate } from "../scripts/migrate.ts";
import { seed } from "../scripts/seed.ts";
import { PrismaBackup, PrismaRestore } from "./public-api.ts";
import { archivedRows, errorOf, temporaryPath } from "./testing/backups.ts";
import { serverUrlOf } from "./testing/database.ts";
import { databaseText } from "./testing/oracles.ts";
import { missedRows } from "./testing/row-oracle.ts";
import { writeRowIntoEveryTable } from "./testing/write-rows.ts";

const password = "a-very-strong-password";
const SHOP_MIGRATIONS = fileURLToPath(new URL("../prisma/migrations", import.meta.url));
const ORIGINALS = fileURLToPath(new URL("./archive/original/fixtures", import.meta.url));
const CLI = fileURLToPath(new URL("./cli/main.ts", import.meta.url));

interface House {
  /** Connection string of the owner, an ordinary role: no superuser, and it may create nothing else. */
  url: string;
  query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]>;
}

/** The old and the new server. They share only what the migrations make. */
const HOUSES = {
  hosted: {
    serverUrl: () => serverUrlOf(15),
    locale: "LOCALE 'C'",
    settings: { TimeZone: "America/St_Johns", DateStyle: "German", bytea_output: "escape" },
  },
  own: {
    serverUrl: () => serverUrlOf(18),
    locale: "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C'",
    settings: {
      TimeZone: "Asia/Kathmandu",
      DateStyle: "SQL, DMY",
      IntervalStyle: "sql_standard",
      extra_float_digits: "0",
      search_path: "elsewhere, public",
    },
  },
};

let built = 0;

/** Makes a new role with an empty database of its own. Passes a function that removes both to `whenDone`. */
async function build(
  kind: keyof typeof HOUSES,
  whenDone: (cleanUp: () => Promise<void>) => void,
): Promise<House> {
  const { serverUrl, locale, settings } = HOUSES[kind];
  const name = `${kind}_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}_${built++}`;
  const role = `${name}_app`;
  const admin = new pg.Client({ connectionString: serverUrl() });
  await admin.connect();
  whenDone(async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await admin.query(`DROP ROLE IF EXISTS ${role}`);
    await admin.end();
  });
  await admin.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'p@ss' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS`,
  );
  await admin.query(
    `CREATE DATABASE ${name} OWNER ${role} TEMPLATE template0 ENCODING 'UTF8' ${locale}`,
  );
  for (const [setting, value] of Object.entries(settings)) {
    const values = value.split(", ").map((it) => `'${it}'`);
    await admin.query(`ALTER DATABASE ${name} SET ${setting} = ${values.join(", ")}`);
  }
  const url = new URL(serverUrl());
  url.username = role;
  url.password = "p@ss";
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async query<Row extends pg.QueryResultRow>(sql: string) {
      const client = new pg.Client({ connectionString: url.href });
      await client.connect();
      try {
        return (await client.query<Row>(sql)).rows;
      } finally {
        await client.end();
      }
    },
  };
}

/**
 * Returns every row, sequence, constraint and trigger as PostgreSQL prints it, with the same settings on both servers.
 */
async function contents({ url }: House) {
  const plain = new URL(url);
  plain.searchParams.set(
    "options",
    "-c DateStyle=ISO -c IntervalStyle=postgres -c bytea_output=hex",
  );
  const lines = (await databaseText(plain.href))
    .split("\n")
    // PostgreSQL 18 counts NOT NULL among the constraints.
    .filter((line) => !/ NOT NULL \S+ t$/.test(line));
  const start = lines.indexOf("-- public._prisma_migrations");
  const end = lines.findIndex((line, index) => index > start && line.startsWith("-- "));
  return {
    history: lines.slice(start, end).join("\n"),
    rest: [...lines.slice(0, start), ...lines.slice(end)].join("\n"),
  };
}

const adapterOf = ({ url }: House) => ({ adapter: new PrismaPg({ connectionString: url }) });

/** Connects the app's client as the app does. */
function connect(house: House): PrismaClient {
  const prisma = new PrismaClient(adapterOf(house));
  onTestFinished(() => prisma.$disconnect());
  return prisma;
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "moving-house-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe("the demo shop, by PrismaBackup and PrismaRestore", () => {
  let hosted: House;
  let before: string;

  beforeAll(async () => {
    const cleanUps: Array<() => Promise<void>> = [];
    hosted = await build("hosted", (cleanUp) => cleanUps.push(cleanUp));
    await migrate(hosted.url);
    await seed(hosted.url, { scale: 0.25 });
    // Like a shop in use: rows were deleted, and the sequences are beyond them.
    await hosted.query("DELETE FROM audit_events WHERE id > 990");
    before = (await contents(hosted)).rest;
    return () => Promise.all(cleanUps.map((cleanUp) => cleanUp()));
  });

  test.each([
    ["a folder", false],
    ["one zip", true],
  ])("%s: everything arrives, and the shop goes on", async (_, compress) => {
    const folderName = await temporaryFolder();
    const backup = new PrismaBackup(connect(hosted), {
      folderName,
      database: "postgres",
      encrypt: true,
      password,
      compress,
    });
    const made = await backup.run();
    expect(made.rows).toBeGreaterThan(20_000);
    expect((await stat(made.path)).isDirectory()).toBe(!compress);
    const archived = await archivedRows(made.path, { passphrase: password });
    expect(await missedRows(hosted.url, archived, made.warnings)).toEqual([]);

    const own = await build("own", onTestFinished);
    await migrate(own.url);
    const { history } = await contents(own);
    const prisma = connect(own);
    const restore = new PrismaRestore(prisma, { folderName, database: "postgres", password });
    expect(await restore.run()).toMatchObject({ warnings: [] });

    const after = await contents(own);
    // Compare with `===`, because the printed difference could have a hundred thousand lines.
    expect(after.rest === before).toBe(true);
    expect(after.history).toBe(history);

    expect(await writeRowIntoEveryTable(own.url)).toHaveLength(24);
    await trade(prisma);
  });

  test("the old house is left as it was", async () => {
    expect((await contents(hosted)).rest === before).toBe(true);
  });

  /** What the app does on a normal day, through its own client. */
  async function trade(prisma: PrismaClient): Promise<void> {
    const product = await prisma.product.create({
      data: {
        sku: "MOVED-1",
        name: "Door mat",
        description: "For the new house",
        price: "19.90",
        barcode: 4_099_999_999_990n,
        weightKg: 1.25,
        materials: ["coir"],
        category: { connect: { id: (await prisma.category.findFirstOrThrow()).id } },
        tags: { create: { name: "moved in" } },
      },
    });
    const customer = await prisma.customer.create({
      data: {
        name: "Ada",
        email: "ada@new-house.example",
        addresses: {
          create: { street: "New Lane 1", city: "Rīga", postalCode: "LV-1010", country: "LV" },
        },
      },
      include: { addresses: true },
    });
    const order = await prisma.order.create({
      data: {
        customerId: customer.id,
        shippingAddressId: customer.addresses[0]?.id ?? 0,
        total: "19.90",
        lines: {
          create: { position: 1, productId: product.id, quantity: 1, unitPrice: "19.90" },
        },
        invoices: { create: { number: "MOVED-1", total: "19.90", dueOn: new Date() } },
      },
      include: { invoices: true, lines: true },
    });
    expect(order).toMatchObject({ status: "OPEN", lines: [{ quantity: 1 }] });
    await prisma.order.update({
      where: { id: order.id },
      data: { currentInvoiceId: order.invoices[0]?.id },
    });
    await expect(
      prisma.orderLine.create({
        data: { orderId: order.id, position: 2, productId: -1, quantity: 1, unitPrice: 1 },
      }),
    ).rejects.toMatchObject({ code: "P2003" });
    await prisma.customer.findFirstOrThrow({ where: { id: customer.id, orders: { some: {} } } });
  }

  describe("into tables of other migrations", () => {
    const options = { folderName: "", database: "postgres" as const };

    beforeAll(async () => {
      options.folderName = await mkdtemp(join(tmpdir(), "moving-house-"));
      await new PrismaBackup(new PrismaClient(adapterOf(hosted)), options).run();
      return () => rm(options.folderName, { recursive: true, force: true });
    });

    async function buildWith(change: (folder: string) => Promise<void>): Promise<House> {
      const own = await build("own", onTestFinished);
      const folder = await temporaryFolder();
      await cp(SHOP_MIGRATIONS, folder, { recursive: true });
      await change(folder);
      await migrate(own.url, folder);
      return own;
    }

    test.each([
      [
        "one less, so that a table is missing",
        (folder: string) => rm(join(folder, "20260302141500_audit_events"), { recursive: true }),
        "The database has no table public.audit_events.",
        "not applied here: 20260302141500_audit_events",
      ],
      [
        "one more, with a required column",
        addMigration("ALTER TABLE users ADD COLUMN phone text NOT NULL"),
        "The column phone of public.users is required and not in the backup.",
        "applied since the backup: 20990101000000_more",
      ],
      [
        "one more, with another type",
        addMigration("ALTER TABLE products ALTER COLUMN price TYPE numeric(8, 1)"),
        "The column price of public.products was numeric(10,2) and is numeric(8,1) now.",
        "applied since the backup: 20990101000000_more",
      ],
      [
        "one more, with a table that refers to others",
        addMigration("CREATE TABLE wishes (customer_id uuid NOT NULL REFERENCES customers)"),
        "public.wishes refers to public.customers",
        "applied since the backup: 20990101000000_more",
      ],
    ])(
      "%s: refused, the migration is named, and nothing changed",
      async (_, change, says, hint) => {
        const own = await buildWith(change);
        await own.query(
          "INSERT INTO warehouse.suppliers (name, email) VALUES ('Here first', 'h@f')",
        );
        const found = await contents(own);
        const error = await errorOf(new PrismaRestore(connect(own), options).run());
        expect(error.code).toBe("SCHEMA_DRIFT");
        expect(error.message).toContain(says);
        expect(error.message).toContain("Nothing was changed.");
        expect(error.hint).toContain(hint);
        expect(await contents(own)).toEqual(found);
      },
    );

    test("one more that any row can live with: restored with its default, and the migration is named", async () => {
      const own = await buildWith(
        addMigration("ALTER TABLE coupons ADD COLUMN note text NOT NULL DEFAULT 'old'"),
      );
      const { plan } = await new PrismaRestore(connect(own), options).run();
      expect(plan.checks.find(({ name }) => name === "migrations")?.message).toContain(
        "applied since the backup: 20990101000000_more",
      );
      const [notes] = await own.query<{ rows: number; old: number }>(
        "SELECT count(*)::int AS rows, count(*) FILTER (WHERE note = 'old')::int AS old FROM coupons",
      );
      expect(notes).toEqual({ rows: 4, old: 4 });
    });
  });
});

function addMigration(sql: string): (folder: string) => Promise<void> {
  return async (folder) => {
    await mkdir(join(folder, "20990101000000_more"));
    await writeFile(join(folder, "20990101000000_more", "migration.sql"), sql);
  };
}

/** What hand-written migrations contain and `prisma migrate` alone does not create. */
const BY_HAND = `
  CREATE SCHEMA crm;
  CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN', 'a,b "c"');
  CREATE DOMAIN crm.email AS text CHECK (VALUE LIKE '%@%');
  CREATE TABLE "Org" (id int GENERATED ALWAYS AS IDENTITY (START 1000 INCREMENT 5) PRIMARY KEY, "ownerId" bigint, name text NOT NULL,
    digest text GENERATED ALWAYS AS (md5(name)) STORED);
  CREATE TABLE "User" (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, email crm.email DEFAULT 'none@given', "orgId" int NOT NULL REFERENCES "Org" DEFERRABLE INITIALLY DEFERRED,
    roles "Role"[] NOT NULL DEFAULT '{USER}', "invitedBy" bigint REFERENCES "User" ON DELETE SET NULL, "createdAt" timestamptz(6) NOT NULL DEFAULT now());
  ALTER TABLE "Org" ADD CONSTRAINT "Org_ownerId_fkey" FOREIGN KEY ("ownerId") REFERENCES "User" ON DELETE SET NULL;
  CREATE TABLE "Tag" (id serial PRIMARY KEY, name varchar(8) NOT NULL UNIQUE);
  CREATE TABLE "_TagToUser" ("A" int NOT NULL REFERENCES "Tag" ON DELETE CASCADE, "B" bigint NOT NULL REFERENCES "User" ON DELETE CASCADE, PRIMARY KEY ("A", "B"));
  CREATE TABLE crm.membership ("orgId" int, "userId" bigint, since date NOT NULL, PRIMARY KEY ("orgId", "userId"));
  CREATE TABLE crm.visit (id bigserial, at timestamptz NOT NULL, "userId" bigint REFERENCES "User", amount numeric(40, 20), raw bytea, payload json, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE crm.visit_2025 PARTITION OF crm.visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE crm.visit_rest PARTITION OF crm.visit DEFAULT;
  CREATE SEQUENCE crm.ticket_no INCREMENT 10 START 7;
  CREATE TABLE crm.ticket (no bigint PRIMARY KEY DEFAULT nextval('crm.ticket_no'), wait interval, mood real, "orgId" int NOT NULL REFERENCES "Org" ON DELETE CASCADE);
  CREATE TABLE crm.log (what text NOT NULL);
  CREATE FUNCTION crm.noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO crm.log VALUES (TG_TABLE_NAME); RETURN NEW; END $$;
  CREATE TRIGGER noted AFTER INSERT ON crm.ticket FOR EACH ROW EXECUTE FUNCTION crm.noted();`;

const BY_HAND_ROWS = `
  INSERT INTO "Org" (name) SELECT 'Örg İ ' || i FROM generate_series(1, 40) i;
  INSERT INTO "User" (email, "orgId", roles, "invitedBy", "createdAt") SELECT 'u' || i || '@x', 1000 + 5 * (i % 40), ARRAY['ADMIN', 'a,b "c"']::"Role"[], nullif(i, 1) - 1,
    '2025-03-30 01:59:59.123456+00'::timestamptz + i * interval '17 min' FROM generate_series(1, 2000) i;
  UPDATE "Org" SET "ownerId" = (id - 1000) / 5 + 1;
  INSERT INTO "Tag" (name) SELECT 't' || i FROM generate_series(1, 50) i;
  INSERT INTO "_TagToUser" SELECT t, u FROM generate_series(1, 50) t, generate_series(1, 100) u WHERE (t + u) % 3 = 0;
  INSERT INTO crm.membership SELECT "orgId", id, '2025-01-31' FROM "User";
  INSERT INTO crm.visit (at, "userId", amount, raw, payload) SELECT '2024-12-30'::timestamptz + i * interval '1 day', i, (1 / i::numeric)::numeric(40, 20),
    decode(md5(i::text), 'hex'), '{"n": 12345678901234567890.10, "n": null}' FROM generate_series(1, 500) i;
  INSERT INTO crm.ticket (wait, mood, "orgId") SELECT i * interval '1 mon -3 days 04:05:06.789', i / 7.0, 1000 FROM generate_series(1, 30) i;`;

test("hand-written migrations, from the terminal: everything arrives, and every table takes a row", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "0_init"));
  await writeFile(join(folder, "0_init", "migration.sql"), BY_HAND);
  const file = await temporaryPath();
  const passphraseFile = join(dirname(file), "passphrase");
  await writeFile(passphraseFile, `${password}\n`);
  const cli = (...args: string[]) =>
    promisify(execFile)(process.execPath, [CLI, ...args, "--passphrase-file", passphraseFile]);

  const hosted = await build("hosted", onTestFinished);
  await migrate(hosted.url, folder);
  await hosted.query(BY_HAND_ROWS);
  const before = await contents(hosted);
  await cli("create", "--url", hosted.url, "--out", file);

  const own = await build("own", onTestFinished);
  await migrate(own.url, folder);
  await cli("restore", file, "--url", own.url, "--yes");

  const after = await contents(own);
  expect(after.rest).toBe(before.rest);
  expect(await writeRowIntoEveryTable(own.url)).toHaveLength(8);
  // Its trigger works again: one row was written directly, the other by the trigger for the new ticket.
  expect(await own.query("SELECT count(*)::int FROM crm.log")).toEqual([{ count: 32 }]);
  expect(await own.query('SELECT max(id) FROM "Org"')).toEqual([{ max: 1200 }]);
});

test("a backup by the original: the same in either house, and every table takes a row", async () => {
  const schema = await readFile(join(ORIGINALS, "source/schema.sql"), "utf8");
  const arrived: string[] = [];
  for (const kind of ["hosted", "own"] as const) {
    const house = await build(kind, onTestFinished);
    await house.query(schema);
    const { history } = await contents(house);
    await new PrismaRestore(connect(house), {
      folderName: join(ORIGINALS, "encrypted"),
      database: "postgres",
      password,
    }).run();
    const after = await contents(house);
    expect(after.history).toBe(history);
    arrived.push(after.rest);
    expect(await writeRowIntoEveryTable(house.url)).toHaveLength(15);
  }
  expect(arrived[1]).toBe(arrived[0]);
});
