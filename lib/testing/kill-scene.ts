/** Shared by the kill tests: a small database with many kinds of objects, and a restore that is struck at one point. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";
import { isEnded, type Operation } from "../shared/api.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { databaseText } from "./oracles.ts";
import { until } from "./patience.ts";
import { createTestAdmin, type TestAdmin } from "./test-admin.ts";
import { createWatchingProxy, PLACES, type Point, type WatchingProxy } from "./watching-proxy.ts";

const CHILD = new URL("./app-child.ts", import.meta.url).pathname;

/** Two thousand rows: foreign keys, a cycle, sequences, triggers, partitions, a materialised view. */
const SQL = `
  CREATE TABLE team (id serial PRIMARY KEY, lead int, name text NOT NULL);
  CREATE TABLE member (id int PRIMARY KEY, team_id int NOT NULL REFERENCES team, note text);
  ALTER TABLE team ADD CONSTRAINT "the lead" FOREIGN KEY (lead) REFERENCES member DEFERRABLE;
  CREATE TABLE task (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, member_id int REFERENCES member ON DELETE CASCADE, hours numeric NOT NULL);
  CREATE TABLE log (task_id bigint REFERENCES task, kind int) PARTITION BY LIST (kind);
  CREATE TABLE log_1 PARTITION OF log FOR VALUES IN (1); CREATE TABLE log_rest PARTITION OF log DEFAULT;
  CREATE SEQUENCE ticket INCREMENT -3 MINVALUE -100000 MAXVALUE 100 START 100;
  INSERT INTO team (name) SELECT 'team ' || i FROM generate_series(1, 20) i;
  INSERT INTO member SELECT i, 1 + i % 20, md5(i::text) FROM generate_series(1, 480) i;
  UPDATE team SET lead = id;
  INSERT INTO task (member_id, hours) SELECT 1 + i % 480, i * 1.25 FROM generate_series(1, 900) i;
  INSERT INTO log SELECT i, i % 3 FROM generate_series(1, 600) i;
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
  CREATE TRIGGER plain BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION refuse();
  CREATE TRIGGER always AFTER INSERT ON task FOR EACH ROW EXECUTE FUNCTION refuse();
  ALTER TABLE task ENABLE ALWAYS TRIGGER always;
  CREATE MATERIALIZED VIEW hours AS SELECT member_id, sum(hours) FROM task GROUP BY member_id;
  SELECT nextval('ticket');`;

/**
 * Makes another state for each number, with other rows and sequences. It uses no nextval(), because after a crash a
 * sequence may have run ahead, as PostgreSQL documents.
 */
const mess = (number: number): string => `
  UPDATE team SET name = 'case ${number}', lead = NULL WHERE id % 2 = ${number % 2};
  DELETE FROM log WHERE task_id % 7 = ${number % 7}; UPDATE task SET hours = hours + ${number};
  SELECT setval('ticket', 1 - ${number}), setval('team_id_seq', 100 + ${number}, false); REFRESH MATERIALIZED VIEW hours`;

export interface KillScene extends AsyncDisposable {
  database: TestDatabase;
  proxy: WatchingProxy;
  /** A process of the app that is never struck. */
  panel: TestAdmin;
  /** A process that reaches the database through the proxy. Shares the folder of uploads. */
  victim: TestAdmin;
  /** A backup, and the fingerprint of its contents. */
  zip: Uint8Array;
  archived: string;
  /** The requests of a restore, in order. */
  requests: string[];
}

/** Returns every row, sequence, constraint, trigger and materialised row as PostgreSQL prints it. */
export async function fingerprint({ url, query }: TestDatabase): Promise<string> {
  const views = await query("SELECT * FROM hours ORDER BY 1");
  return `${await databaseText(url)}\n${JSON.stringify(views)}`;
}

/** @param options.serverUrl default: the server that all tests share */
export async function createKillScene(
  options: { serverUrl?: string; uploadDir?: string } = {},
): Promise<KillScene> {
  const { serverUrl, uploadDir } = options;
  const database = await createTestDatabase({ sql: SQL, ...(serverUrl && { serverUrl }) });
  const panel = await createTestAdmin({ url: database.url, ...(uploadDir && { uploadDir }) });
  const proxy = await createWatchingProxy(database.url);
  const victim = await createTestAdmin({ url: proxy.url, uploadDir: panel.uploadDir });
  const zip = await panel.backup();
  const archived = await fingerprint(database);
  const scene = {
    ...{ database, proxy, panel, victim, zip, archived, requests: [] as string[] },
    async [Symbol.asyncDispose]() {
      spare.get(scene)?.kill("SIGKILL");
      await proxy[Symbol.asyncDispose]();
      await panel[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
  await database.query(mess(0));
  await restoreAnew(scene, victim, await panel.upload(zip));
  scene.requests = [...proxy.requests];
  return scene;
}

/** Returns the kind of step that a request belongs to: the beginning of its statement. */
export function stepOf(request: string): string {
  if (request.startsWith("SELECT pg_catalog.setval")) return "setval";
  return /^\s*(COPY's data|ALTER \w+|\w+)/.exec(request)?.[1]?.replace("WITH", "SELECT") ?? "";
}

/** With no more points than this, all of them are around COMMIT. */
export const FEW_POINTS = 4 * PLACES.length;

/**
 * Returns points spread evenly over all requests of a restore and the three places of each. They include those around
 * COMMIT and, if there are enough points, one in each kind of step.
 *
 * @param shift 0 to 1, so that several kinds of strikes hit different points
 */
export function spreadPoints(requests: string[], count: number, shift: number): Point[] {
  const all = requests.flatMap((statement, request) =>
    PLACES.map((place) => ({ request, place, step: stepOf(statement) })),
  );
  const aroundCommit = all.filter(({ step }) => step === "COMMIT");
  const others = all.filter(({ step }) => step !== "COMMIT");
  const oneOf = (points: typeof all) => points[Math.floor(shift * points.length)];
  const ofSteps = [...Map.groupBy(others, ({ step }) => step).values()].map(oneOf);
  const fixed = count > FEW_POINTS ? [...ofSteps, ...aroundCommit] : aroundCommit;
  const rest = others.filter((point) => !fixed.includes(point));
  const spread = count - fixed.length;
  const picked = Array.from(
    { length: spread },
    (_, index) => rest[Math.floor(((index + shift) * rest.length) / spread)],
  );
  return [...picked, ...fixed].filter((point) => point !== undefined);
}

export interface Struck {
  number: number;
  /** Another process of the app, if that is the one to strike. */
  child: ChildProcess | null;
}

/** @returns what to do after everything has gone on, for example starting a server again */
type Strike = (struck: Struck) => Promise<(() => Promise<void>) | undefined>;

/** Started in advance, because a process needs a second to begin. */
const spare = new WeakMap<KillScene, ChildProcess>();

function takeChild(scene: KillScene): ChildProcess {
  const { proxy, panel, database } = scene;
  const make = () =>
    spawn(process.execPath, [CHILD, proxy.url, panel.uploadDir, database.name], {
      stdio: ["pipe", "pipe", "inherit"],
    });
  const child = spare.get(scene) ?? make();
  spare.set(scene, make());
  return child;
}

/**
 * Restores, strikes at the point, and checks what a person relies on. The database is exactly as before or exactly as
 * in the archive, the panel says which, and the next restore works at once.
 */
export async function strikeAt(
  scene: KillScene,
  { point, number, byChild }: { point: Point; number: number; byChild: boolean },
  strike: Strike,
): Promise<Operation> {
  const { database, proxy, panel, victim, requests, zip } = scene;
  const commit = requests.indexOf("COMMIT");
  const isCommitted =
    point.request > commit || (point.request === commit && point.place === "answered");
  await database.query(mess(number));
  const before = await fingerprint(database);
  const uploadId = await panel.upload(zip);

  const child = byChild ? takeChild(scene) : null;
  let afterwards: (() => Promise<void>) | undefined;
  const struckAt = proxy.strikeAt(point, async () => {
    afterwards = await strike({ number, child });
  });
  let id: string;
  if (child) {
    if (!child.stdin || !child.stdout) throw new Error("a child without pipes");
    child.stdin.end(uploadId);
    const [line] = await once(child.stdout, "data");
    id = String(line).trim();
  } else {
    id = (await victim.ok("POST", "restores", { json: { uploadId } })).id;
    await victim.reach(id, "ready");
    // A crash during the restore must not lose earlier changes.
    await database.query("CHECKPOINT");
    // If the strike on the connection came before the restore began, the restore still waits for its start.
    await victim.call("POST", `restores/${id}/start`, { json: { confirmation: database.name } });
  }
  await struckAt;
  await afterwards?.();
  await until("the restore's sessions are gone", async () => !(await hasSessions(database)));
  expect(await fingerprint(database), "the database").toBe(isCommitted ? scene.archived : before);

  const operation = await readEnd(scene, id, byChild);
  if (isCommitted) {
    expect(operation).toMatchObject({ state: "succeeded", changed: "everything", error: null });
    expect(operation.result?.rows).toBe(2000);
  } else {
    expect(operation.changed).toBe("nothing");
    if (operation.state !== "ready") {
      expect(operation.error?.message).toMatch(/[Nn]othing was changed/);
      expect(operation.state).toMatch(byChild ? /^interrupted$/ : /^(interrupted|failed)$/);
    }
  }

  await restoreNext(scene, operation, uploadId);
  expect(await fingerprint(database), "after the next restore").toBe(scene.archived);
  return operation;
}

/** Reads the end as the panel shows it. A dead process is given up after a while, so this makes it look old. */
async function readEnd(
  { panel, database, requests, proxy }: KillScene,
  id: string,
  isDead: boolean,
): Promise<Operation> {
  const began = proxy.requests.length > requests.findIndex((it) => it.startsWith("BEGIN"));
  let attempts = 0;
  return until(`operation ${id} has ended`, async () => {
    // A living process that could not write the end, because the server was down, is as silent as a dead one.
    if (isDead || ++attempts === 150) {
      await database.query(
        "UPDATE prisma_backup_admin.operations SET heartbeat_at = heartbeat_at - interval '1 min' WHERE id = $1 AND ended_at IS NULL",
        [id],
      );
    }
    const operation = await panel.ok("GET", `operations/${id}`);
    const { state, changed } = operation;
    if (state === "ready") return isDead || began ? null : operation;
    return isEnded(state) && changed !== "unknown" ? operation : null;
  });
}

/** Follows the panel's hint: restores again with the existing upload, or with another one. */
async function restoreNext(
  scene: KillScene,
  { id, state, error }: Operation,
  uploadId: string,
): Promise<void> {
  const { victim, panel, database, zip } = scene;
  if (state === "ready") return restoreReady(victim, database, id);
  const isKept = error?.details?.uploadId !== undefined;
  if (isKept) expect(error?.details?.uploadId).toBe(uploadId);
  await restoreAnew(scene, panel, isKept ? uploadId : await panel.upload(zip));
}

export async function restoreAnew(
  { database }: Pick<KillScene, "database">,
  admin: TestAdmin,
  uploadId: string,
): Promise<void> {
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  await admin.reach(id, "ready");
  await restoreReady(admin, database, id);
}

async function restoreReady(admin: TestAdmin, { name }: TestDatabase, id: string): Promise<void> {
  await admin.ok("POST", `restores/${id}/start`, { json: { confirmation: name } });
  await admin.reach(id, "succeeded");
}

async function hasSessions(database: TestDatabase): Promise<boolean> {
  const rows = await database.query(
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prisma-backup-admin restore'",
  );
  return rows.length > 0;
}
