/** How `authorize` behaves while a restore locks the table that it reads. */
import pg from "pg";
import { expect, it } from "vitest";
import { createTestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import { createTestAdmin } from "../testing/test-admin.ts";

// A restore does not remove a constraint whose function belongs to an extension, so the check runs for each row. It
// blocks until the test releases its lock.
const SQL = `
  CREATE TABLE users (name text PRIMARY KEY, role text NOT NULL);
  INSERT INTO users VALUES ('ada', 'ADMIN'), ('bob', 'ADMIN'), ('carl', 'ADMIN');
  CREATE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    WHILE NOT pg_try_advisory_xact_lock_shared(4711) LOOP PERFORM pg_sleep(0.02); END LOOP;
    RETURN true;
  END $$;
  ALTER EXTENSION plpgsql ADD FUNCTION gate();
  CREATE TABLE z (i int CHECK (gate()));
  INSERT INTO z VALUES (1);`;

it("lets those follow and cancel a restore who could view the page just before, and nobody else", async () => {
  await using database = await createTestDatabase({ sql: SQL });
  const pool = new pg.Pool({ connectionString: database.url });
  // The pool's connections end with the database at the latest.
  pool.on("error", () => {});
  await using _ = { [Symbol.asyncDispose]: () => pool.end() };
  await using admin = await createTestAdmin({
    url: database.url,
    async authorize(request) {
      const id = request.headers.get("x-test-user") ?? "";
      const { rows } = await pool.query("SELECT role FROM users WHERE name = $1", [id]);
      return rows[0] ? { id, name: id, allowed: rows[0].role === "ADMIN" } : null;
    },
  });
  const uploadId = await admin.upload(await admin.backup());
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  await admin.reach(id, "ready");
  const look = (user: string) => admin.call("GET", `operations/${id}`, { user });
  expect((await look("carl")).status).toBe(200);
  await database.query("UPDATE users SET role = 'CLERK' WHERE name = 'carl'");
  expect((await look("carl")).status).toBe(403);

  const gate = new pg.Client({ connectionString: database.url });
  gate.on("error", () => {});
  await gate.connect();
  await gate.query("SELECT pg_advisory_lock(4711)");
  await using __ = { [Symbol.asyncDispose]: () => gate.end() };
  const confirmation = database.name;
  await admin.ok("POST", `restores/${id}/start`, { json: { confirmation } });
  await until("the users are locked", async () => {
    const { rows } = await gate.query(
      "SELECT FROM pg_locks WHERE relation = 'users'::regclass AND mode = 'AccessExclusiveLock' AND granted",
    );
    return rows.length > 0;
  });
  const answered: string[] = [];
  const wait = (who: string, call: Promise<Response>) =>
    call.then(({ status }) => {
      answered.push(who);
      return status;
    });
  const waiting = [
    // These have to wait: bob asks for the first time, carl had lost the right before, and a backup needs more than
    // `view`.
    wait("bob", look("bob")),
    wait("carl", look("carl")),
    wait("backup", admin.call("POST", "backups", { json: { encryption: { mode: "none" } } })),
  ];
  for (const _again of [1, 2]) {
    const response = await look("ada");
    expect(await response.json()).toMatchObject({ state: "running", id });
  }
  const overview = await admin.call("GET", "operations");
  expect(overview.status).toBe(200);
  expect(answered).toEqual([]);
  await admin.ok("POST", `operations/${id}/cancel`, { json: {} });
  expect(await Promise.all(waiting)).toEqual([200, 403, 201]);
  await admin.reach(id, "cancelled");
});

it("takes a right away at the next request, whatever was remembered", async () => {
  await using database = await createTestDatabase();
  let allowed = true;
  await using admin = await createTestAdmin({
    url: database.url,
    authorize: () => ({ id: "ada", name: "Ada", allowed }),
  });
  expect((await admin.call("GET", "operations")).status).toBe(200);
  allowed = false;
  expect((await admin.call("GET", "operations")).status).toBe(403);
});
