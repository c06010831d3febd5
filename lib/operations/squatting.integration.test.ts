/** A role that only has CREATE on the database tries to act through the app's role. */
import { describe, expect, it } from "vitest";
import { checkDatabase } from "../cli/doctor/doctor.ts";
import { openDatabase } from "../postgres/connection/connection.ts";
import { createTestDatabase, serverUrlOf, type TestDatabase } from "../testing/database.ts";
import { createTestAdmin, SHOP_SQL, type TestAdmin } from "../testing/test-admin.ts";

interface Scene {
  database: TestDatabase;
  /** The role that the app connects as. It owns the shop's tables. */
  app: string;
  /** The attacker has CREATE on the database, and no rights on the shop's tables. */
  mallory: string;
  admin: TestAdmin;
  /** Runs SQL as the attacker. */
  attack(sql: string): Promise<void>;
  url: string;
}

async function withRoles(
  act: (scene: Scene) => Promise<void>,
  { major = 15, isSuperuser = false }: { major?: 15 | 18; isSuperuser?: boolean } = {},
): Promise<void> {
  await using database = await createTestDatabase({ sql: SHOP_SQL, major });
  const [app, mallory] = [`${database.name}_app`, `${database.name}_mallory`];
  await database.query(
    `CREATE ROLE ${app} LOGIN PASSWORD 'x' ${isSuperuser ? "SUPERUSER" : ""}; CREATE ROLE ${mallory} LOGIN PASSWORD 'x';
     GRANT CREATE ON DATABASE ${database.name} TO ${app}, ${mallory};
     ALTER TABLE customers OWNER TO ${app}; ALTER TABLE orders OWNER TO ${app};`,
  );
  const urlOf = (role: string) => {
    const url = new URL(serverUrlOf(major));
    url.pathname = `/${database.name}`;
    [url.username, url.password] = [role, "x"];
    return url.href;
  };
  const evil = openDatabase({ connectionString: urlOf(mallory) });
  await using admin = await createTestAdmin({ url: urlOf(app) });
  try {
    await act({
      ...{ database, app, mallory, admin, url: urlOf(app) },
      async attack(sql) {
        const client = await evil.connect("attack");
        try {
          await client.query(sql);
        } finally {
          await client.end();
        }
      },
    });
  } finally {
    await evil.close();
    await database.query(
      `ALTER DATABASE ${database.name} OWNER TO CURRENT_USER;
       DROP OWNED BY ${mallory} CASCADE; DROP OWNED BY ${app} CASCADE; DROP ROLE ${mallory}; DROP ROLE ${app}`,
    );
  }
}

/** If the app runs this code, it copies the customers to a place where the attacker can read them. */
const SPY = `
  CREATE SCHEMA loot;
  CREATE TABLE loot.stolen (name text);
  GRANT USAGE ON SCHEMA loot TO PUBLIC; GRANT ALL ON loot.stolen TO PUBLIC;
  CREATE FUNCTION loot.spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO loot.stolen SELECT name FROM public.customers; RETURN NEW; END $$;
  CREATE FUNCTION loot.is_fine(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO loot.stolen SELECT name FROM public.customers; RETURN true; END $$;`;

const stolen = async ({ database }: Scene): Promise<number> =>
  (await database.query("SELECT FROM loot.stolen")).length;

/** Every use of the schema by a request of the page is refused, and none of the attacker's code has run. */
async function expectRefusal(
  scene: Scene,
  { names, by = scene.mallory }: Pick<Case, "names" | "by">,
): Promise<void> {
  const { admin, url } = scene;
  const named = by === null ? expect.stringMatching(names) : expect.stringContaining(by);
  const refused = {
    status: 500,
    code: "CONFIG_INVALID",
    message: named,
    hint: expect.stringMatching(/DROP (SCHEMA|FUNCTION)/),
  };
  const json = { encryption: { mode: "none" } };
  for (const error of [
    await admin.fail("GET", "operations"),
    await admin.fail("POST", "backups", { json }),
    await admin.fail("GET", "activity"),
  ]) {
    expect(error).toMatchObject(refused);
    expect(error.message).toMatch(/Nothing was changed\.$/);
    expect(`${error.message} ${error.hint}`).toMatch(names);
  }
  expect(admin.log.join()).toEqual(named);
  expect(await stolen(scene)).toBe(0);
  const { findings } = await checkDatabase({ text: url, from: "--url" }, null);
  expect(findings).toContainEqual(
    expect.objectContaining({
      level: "problem",
      code: "OPERATIONS",
      what: named,
    }),
  );
}

/** The attacker makes the tables first, and lets the app use them. */
const THEIR_TABLES = (app: string) => `
  CREATE SCHEMA prisma_backup_admin;
  GRANT ALL ON SCHEMA prisma_backup_admin TO ${app};`;

interface Case {
  name: string;
  isSuperuser?: boolean;
  prepare(scene: Scene): Promise<void>;
  names: RegExp;
  /** The role that the error names. Default: the attacker. null: none, because it cannot be known. */
  by?: string | null;
}

const CASES: Case[] = [
  {
    name: "an empty schema, in which the app may make its tables",
    prepare: ({ attack, app }) => attack(`${SPY} ${THEIR_TABLES(app)}`),
    names: /ALTER SCHEMA prisma_backup_admin OWNER TO/,
  },
  {
    name: "the whole schema, with a trigger",
    async prepare({ attack, app, mallory, admin, database }) {
      await admin.ok("GET", "operations");
      await database.query(
        `ALTER SCHEMA prisma_backup_admin OWNER TO ${mallory};
         ALTER TABLE prisma_backup_admin.operations OWNER TO ${mallory};
         ALTER TABLE prisma_backup_admin.unlock_attempts OWNER TO ${mallory};
         ALTER TABLE prisma_backup_admin.rehearsal_requests OWNER TO ${mallory};`,
      );
      await attack(
        `${SPY} CREATE TRIGGER t BEFORE INSERT OR UPDATE ON prisma_backup_admin.operations FOR EACH ROW EXECUTE FUNCTION loot.spy();
         GRANT ALL ON SCHEMA prisma_backup_admin TO ${app}; GRANT ALL ON ALL TABLES IN SCHEMA prisma_backup_admin TO ${app}`,
      );
    },
    names: /The schema prisma_backup_admin/,
  },
  {
    name: "a table in the app's own schema",
    async prepare({ attack, app, mallory, admin, database }) {
      await admin.ok("GET", "operations");
      await database.query(
        `ALTER TABLE prisma_backup_admin.operations OWNER TO ${mallory}; GRANT USAGE ON SCHEMA prisma_backup_admin TO ${mallory}`,
      );
      await attack(
        `${SPY} CREATE TRIGGER t BEFORE INSERT ON prisma_backup_admin.operations FOR EACH ROW EXECUTE FUNCTION loot.spy();
         GRANT ALL ON prisma_backup_admin.operations TO ${app}`,
      );
    },
    names: /The table prisma_backup_admin\.operations/,
  },
  {
    name: "a view in place of a table, which calls a function when it is read",
    async prepare({ attack, app, mallory, admin, database }) {
      await admin.ok("GET", "operations");
      await database.query(
        `GRANT ALL ON SCHEMA prisma_backup_admin TO ${mallory}; GRANT ALL ON ALL TABLES IN SCHEMA prisma_backup_admin TO ${mallory};
         ALTER TABLE prisma_backup_admin.operations RENAME TO kept;`,
      );
      await attack(
        `${SPY} CREATE VIEW prisma_backup_admin.operations AS SELECT * FROM prisma_backup_admin.kept WHERE loot.is_fine(state);
         GRANT ALL ON prisma_backup_admin.operations TO ${app}`,
      );
    },
    names: /prisma_backup_admin\.operations/,
  },
  {
    name: "a trigger on the app's table, by a right that was given",
    async prepare({ attack, mallory, admin, database }) {
      await admin.ok("GET", "operations");
      await database.query(
        `GRANT USAGE ON SCHEMA prisma_backup_admin TO ${mallory}; GRANT TRIGGER ON prisma_backup_admin.operations TO ${mallory}`,
      );
      await attack(
        `${SPY} CREATE TRIGGER t BEFORE INSERT ON prisma_backup_admin.operations FOR EACH ROW EXECUTE FUNCTION loot.spy()`,
      );
    },
    names: /DROP FUNCTION loot\.spy\(\) CASCADE/,
  },
  {
    name: "a foreign key to the app's table, whose cascade has triggers",
    async prepare({ attack, mallory, admin, database }) {
      await admin.ok("GET", "operations");
      await database.query(
        `GRANT USAGE ON SCHEMA prisma_backup_admin TO ${mallory}; GRANT REFERENCES ON prisma_backup_admin.unlock_attempts TO ${mallory}`,
      );
      await attack(
        `${SPY} CREATE TABLE loot.child (subject text REFERENCES prisma_backup_admin.unlock_attempts ON DELETE CASCADE);
         CREATE TRIGGER t AFTER DELETE ON loot.child FOR EACH ROW EXECUTE FUNCTION loot.spy()`,
      );
    },
    names: /loot\.child/,
  },
  ...(["CHECK", "DEFAULT", "policy", "rule", "index"] as const).map(
    (what): Case => ({
      name: `a function in the app's table, by its ${what}`,
      async prepare({ attack, app, admin, database }) {
        await admin.ok("GET", "operations");
        await attack(
          `${SPY} CREATE FUNCTION loot.number() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END'`,
        );
        const table = "prisma_backup_admin.operations";
        const SQL = {
          CHECK: `ALTER TABLE ${table} ADD CHECK (loot.is_fine(state))`,
          DEFAULT: `ALTER TABLE ${table} ADD extra boolean DEFAULT loot.is_fine('x')`,
          policy: `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY; ALTER TABLE ${table} FORCE ROW LEVEL SECURITY; CREATE POLICY p ON ${table} USING (loot.is_fine(state))`,
          rule: `CREATE RULE r AS ON INSERT TO ${table} DO ALSO SELECT loot.is_fine(NEW.state)`,
          index: `CREATE INDEX ON ${table} ((loot.number() || state))`,
        }[what];
        await database.query(`SET ROLE ${app}; ${SQL}; RESET ROLE; TRUNCATE loot.stolen`);
      },
      names: /loot\.(is_fine\(text\)|number\(\))/,
    }),
  ),
  ...Object.entries({
    "a trigger's condition, by a right that was given": (app: string, mallory: string) =>
      `SET ROLE ${app}; GRANT USAGE ON SCHEMA prisma_backup_admin TO ${mallory}; GRANT TRIGGER ON prisma_backup_admin.operations TO ${mallory};
       SET ROLE ${mallory}; CREATE TRIGGER t BEFORE INSERT ON prisma_backup_admin.operations FOR EACH ROW
         WHEN (query_to_xml('SELECT loot.is_fine($$x$$)', true, true, '') IS NOT NULL) EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    "a CHECK of the table's earlier owner": (app: string, mallory: string) =>
      `ALTER TABLE prisma_backup_admin.operations OWNER TO ${mallory}; GRANT USAGE ON SCHEMA prisma_backup_admin TO ${mallory};
       SET ROLE ${mallory}; ALTER TABLE prisma_backup_admin.operations ADD CONSTRAINT t CHECK (query_to_xml('SELECT loot.is_fine($$x$$)', true, true, '') IS NOT NULL);
       RESET ROLE; ALTER TABLE prisma_backup_admin.operations OWNER TO ${app}`,
  }).map(
    ([what, sql]): Case => ({
      name: `SQL that a built-in function is given, by ${what}`,
      async prepare({ attack, app, mallory, admin, database }) {
        await admin.ok("GET", "operations");
        await attack(SPY);
        await database.query(`${sql(app, mallory)}; RESET ROLE; TRUNCATE loot.stolen`);
      },
      by: null,
      names: /(trigger|constraint) t on table prisma_backup_admin\.operations: query_to_xml\(/,
    }),
  ),
  {
    name: "a column's type in the app's table",
    async prepare({ attack, app, admin, database }) {
      await admin.ok("GET", "operations");
      await attack(`${SPY} CREATE DOMAIN loot.fine AS text CHECK (loot.is_fine(VALUE))`);
      await database.query(
        `SET ROLE ${app}; ALTER TABLE prisma_backup_admin.operations ADD extra loot.fine; RESET ROLE; TRUNCATE loot.stolen`,
      );
    },
    names: /loot\.fine/,
  },
  {
    name: "a schema of the attacker's, when the app is a superuser and so a member of every role",
    isSuperuser: true,
    prepare: ({ attack, app }) => attack(`${SPY} ${THEIR_TABLES(app)}`),
    names: /The schema prisma_backup_admin/,
  },
  {
    name: "a schema of the database's owner, when the app is a superuser",
    isSuperuser: true,
    async prepare({ attack, app, mallory, database }) {
      await database.query(`ALTER DATABASE ${database.name} OWNER TO ${mallory}`);
      await attack(`${SPY} ${THEIR_TABLES(app)}`);
    },
    names: /The schema prisma_backup_admin/,
  },
  {
    name: "a schema that takes the place of the app's while it runs",
    async prepare({ attack, app, admin, database }) {
      await admin.ok("GET", "operations");
      await database.query("DROP SCHEMA prisma_backup_admin CASCADE");
      await attack(`${SPY} ${THEIR_TABLES(app)}`);
    },
    names: /The schema prisma_backup_admin/,
  },
];

describe.concurrent("is refused, and has read nothing:", () => {
  it.each(CASES)("$name", async ({ prepare, isSuperuser, ...expected }) => {
    await withRoles(
      async (scene) => {
        await prepare(scene);
        await expectRefusal(scene, expected);
      },
      { isSuperuser },
    );
  });

  it("on PostgreSQL 18 as well", async () => {
    await withRoles(
      async (scene) => {
        await scene.attack(`${SPY} ${THEIR_TABLES(scene.app)}`);
        await expectRefusal(scene, { names: /The schema prisma_backup_admin/ });
      },
      { major: 18 },
    );
  });

  it("and works again by the statement that the error names", async () => {
    await withRoles(async ({ admin, attack, app, database }) => {
      await attack(`${SPY} ${THEIR_TABLES(app)}`);
      const { hint = "" } = await admin.fail("GET", "operations");
      const [drop = ""] = /DROP SCHEMA \S+ CASCADE;/.exec(hint) ?? [];
      await database.query(drop);
      expect(await admin.ok("GET", "operations")).toEqual([]);
      const [mine = ""] = /ALTER SCHEMA .*;$/.exec(hint) ?? [];
      await database.query(mine);
    });
  });
});

describe.concurrent("beside it, cannot be prepared:", () => {
  it("the place of a rehearsal by a role that may make no temporary tables", async () => {
    await withRoles(async ({ admin, attack, database }) => {
      await database.query(`REVOKE TEMPORARY ON DATABASE ${database.name} FROM PUBLIC`);
      // Process ids of the next sessions.
      await attack(`DO $$ BEGIN
        FOR pid IN pg_backend_pid() .. pg_backend_pid() + 1000 LOOP
          EXECUTE format('CREATE SCHEMA prisma_backup_admin_rehearsal_%s', pid);
        END LOOP; END $$`);
      const uploadId = await admin.upload(await admin.backup());
      const { id } = await admin.ok("POST", "restores", { json: { uploadId, rehearse: true } });
      const { plan } = await admin.reach(id, "ready");
      expect(plan?.rehearsal).toMatchObject({ wouldSucceed: true });
    });
  });

  it("operators and functions that fit the app's types better, in a schema of its search_path", async () => {
    await withRoles(async (scene) => {
      const { admin, attack, app, mallory, database } = scene;
      await database.query(`
        GRANT CREATE ON SCHEMA public TO ${mallory};
        CREATE TABLE codes (code varchar PRIMARY KEY, parent varchar REFERENCES codes, CHECK (code <> ''));
        INSERT INTO codes VALUES ('a', NULL), ('b', 'a');
        ALTER TABLE codes OWNER TO ${app}`);
      const zip = await admin.backup();
      await database.query("DELETE FROM codes WHERE code = 'b'");
      await attack(`${SPY}
        CREATE FUNCTION public.same(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO loot.stolen SELECT name FROM public.customers; RETURN true; END $$;
        CREATE OPERATOR public.= (FUNCTION = public.same, LEFTARG = varchar, RIGHTARG = varchar);
        CREATE OPERATOR public.<> (FUNCTION = public.same, LEFTARG = varchar, RIGHTARG = varchar);
        CREATE OPERATOR public.< (FUNCTION = public.same, LEFTARG = varchar, RIGHTARG = varchar);
        CREATE FUNCTION public.count(varchar) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO loot.stolen SELECT name FROM public.customers; RETURN 1; END $$;
        CREATE FUNCTION public.json_to_recordset(text) RETURNS SETOF record LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO loot.stolen SELECT name FROM public.customers; RETURN; END $$`);
      const checked = async (mode: string) => {
        const uploadId = await admin.upload(zip);
        const scope = { mode, tables: [{ schema: "public", name: "codes" }] };
        const json = { uploadId, scope, rehearse: true };
        const { id } = await admin.ok("POST", "restores", { json });
        const { plan } = await admin.reach(id, "ready");
        return { id, plan };
      };
      for (const mode of ["keep-existing", "overwrite", "replace"]) {
        const { id, plan } = await checked(mode);
        expect(plan?.checks).toContainEqual(
          expect.objectContaining({
            name: "code",
            state: "failed",
            message: expect.stringContaining(
              `the operator public.=(character varying,character varying), which belongs to ${mallory}`,
            ),
          }),
        );
        await admin.ok("POST", `operations/${id}/cancel`);
      }
      expect(await stolen(scene)).toBe(0);
      await database.query(
        `DROP FUNCTION public.same CASCADE; DROP FUNCTION public.count; DROP FUNCTION public.json_to_recordset(text)`,
      );
      const { id } = await checked("replace");
      await admin.ok("POST", `restores/${id}/start`, { json: { confirmation: database.name } });
      await admin.reach(id, "succeeded");
      expect(await database.query("SELECT FROM public.codes")).toHaveLength(2);
      expect(await stolen(scene)).toBe(0);
    });
  });
});

describe.concurrent("is used:", () => {
  const both = [15, 18] as const;

  it.each(both)(
    "what a group of the app's owns, a superuser, or the database's owner, on %i",
    async (major) => {
      await withRoles(
        async ({ admin, app, database, mallory }) => {
          await admin.ok("GET", "operations");
          const give = async (owner: string) => {
            await database.query(
              `ALTER SCHEMA prisma_backup_admin OWNER TO ${owner};
             GRANT ALL ON SCHEMA prisma_backup_admin TO ${app};
             ALTER TABLE prisma_backup_admin.operations OWNER TO ${owner}; GRANT ALL ON prisma_backup_admin.operations TO ${app}`,
            );
            expect(await admin.ok("GET", "operations")).toEqual([]);
          };
          await give("CURRENT_USER");
          await database.query(`CREATE ROLE ${app}_group; GRANT ${app}_group TO ${app}`);
          await give(`${app}_group`);
          await database.query(`ALTER DATABASE ${database.name} OWNER TO ${mallory}`);
          await give(mallory);
          await give("CURRENT_USER");
          await database.query(`DROP ROLE ${app}_group`);
        },
        { major },
      );
    },
  );

  it("a trigger of one's own, that copies the record", async () => {
    await withRoles(async ({ admin, app, database }) => {
      await admin.ok("GET", "operations");
      await database.query(`
        SET ROLE ${app};
        CREATE TABLE prisma_backup_admin.copies (id uuid);
        CREATE FUNCTION prisma_backup_admin.copy() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN INSERT INTO prisma_backup_admin.copies VALUES (NEW.id); RETURN NEW; END';
        CREATE TRIGGER copy AFTER INSERT ON prisma_backup_admin.operations FOR EACH ROW EXECUTE FUNCTION prisma_backup_admin.copy();
        RESET ROLE`);
      await admin.backup();
      expect(await database.query("SELECT FROM prisma_backup_admin.copies")).toHaveLength(1);
    });
  });
});
