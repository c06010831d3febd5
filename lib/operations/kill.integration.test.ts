import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { startPostgres } from "../../scripts/postgres.ts";
import {
  createKillScene,
  FEW_POINTS,
  type KillScene,
  type Struck,
  spreadPoints,
  stepOf,
  strikeAt,
} from "../testing/kill-scene.ts";
import { TEST_LIMIT_MS } from "../testing/patience.ts";
import { SCOPE } from "../testing/scope.ts";

const POINTS = SCOPE.killPoints;
/** The limit for each test. */
const PATIENT = { timeout: TEST_LIMIT_MS + POINTS.process * 60_000 };

/** The steps that every restore contains. Each kind of strike with many points must hit all of them. */
const STEPS = [
  ...["BEGIN", "LOCK", "ALTER TABLE", "TRUNCATE", "COPY", "COPY's data", "ALTER SEQUENCE"],
  ...["setval", "REFRESH", "COMMIT"],
];

/** Strikes at points spread over a restore. @returns the kinds of steps that were struck */
async function strikeEverywhere(
  scene: KillScene,
  { points, shift, byChild = false }: { points: number; shift: number; byChild?: boolean },
  strike: Parameters<typeof strikeAt>[2],
): Promise<Set<string>> {
  const steps = new Set<string>();
  for (const [index, point] of spreadPoints(scene.requests, points, shift).entries()) {
    const strikeHere: typeof strike = (struck) => {
      steps.add(stepOf(scene.proxy.requests[point.request] ?? ""));
      return strike(struck);
    };
    const number = index + 1;
    await strikeAt(scene, { point, number, byChild }, strikeHere).catch((cause: unknown) => {
      const at = `${point.place} request ${point.request}, ${scene.requests[point.request]}`;
      throw new Error(`struck at ${at}: ${cause instanceof Error ? cause.message : ""}`, { cause });
    });
  }
  return steps;
}

const KINDS: Array<{
  what: string;
  points: number;
  shift: number;
  byChild?: boolean;
  strike(scene: KillScene, struck: Struck): Promise<void>;
}> = [
  {
    what: "its process by SIGKILL",
    points: POINTS.process,
    shift: 0,
    byChild: true,
    async strike({ proxy }, { child }) {
      child?.kill("SIGKILL");
      if (child) await once(child, "exit");
      // Otherwise the proxy would still send what it holds back, in the dead process's name.
      await proxy.closed();
    },
  },
  {
    what: "its database session by pg_terminate_backend",
    points: POINTS.session,
    shift: 1 / 3,
    async strike({ database }) {
      const ended = await database.query(
        "SELECT pg_terminate_backend(pid, 5000) AS ended FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prisma-backup-admin restore'",
      );
      expect(ended.every((row) => row.ended === true)).toBe(true);
    },
  },
  {
    what: "its connection, or every connection of the app, by cutting it",
    points: POINTS.connection,
    shift: 2 / 3,
    async strike({ proxy }, { number }) {
      proxy.cut(number % 2 === 0 ? "restore" : "all");
    },
  },
];

describe.concurrent("a restore struck at any point is all or nothing, the panel says which, and the next one works", () => {
  it.for(KINDS)("$what", PATIENT, async ({ strike, ...kind }) => {
    await using scene = await createKillScene();
    const steps = await strikeEverywhere(scene, kind, async (struck) => {
      await strike(scene, struck);
      return undefined;
    });
    const all = new Set(scene.requests.map(stepOf));
    for (const step of STEPS) expect(all).toContain(step);
    expect(steps).toEqual(kind.points > FEW_POINTS ? all : new Set(["COMMIT"]));
  });

  it("its server by an immediate stop", PATIENT, async () => {
    const server = await startOwnServer();
    await using scene = await createKillScene({ serverUrl: server.url });
    await strikeEverywhere(scene, { points: POINTS.server, shift: 0.5 }, async ({ number }) => {
      await server.stopImmediately();
      if (number % 2 === 1) {
        await server.startAgain();
        return undefined;
      }
      // The server is still down when the operation's end should be written.
      return async () => {
        await sleep(1000);
        await server.startAgain();
      };
    });
  });
});

/** Starts a PostgreSQL that reports commits some time before they are on the disk, unless a session asks otherwise. */
async function startOwnServer() {
  const dataDir = await mkdtemp(path.join(tmpdir(), "kill-test-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  // Only the server process stops, so what it handed to the operating system survives without fsync.
  const settings = ["fsync=off", "synchronous_commit=off", "wal_writer_delay=10s"];
  const options = {
    major: 15 as const,
    dataDir,
    serverOptions: settings.flatMap((setting) => ["-c", setting]),
  };
  let server = await startPostgres(options);
  onTestFinished(() => server.stop());
  const { port } = server;
  return {
    url: server.url(),
    async stopImmediately() {
      const file = await readFile(path.join(dataDir, "cluster/postmaster.pid"), "utf8");
      const pid = Number(file.split("\n")[0]);
      process.kill(pid, "SIGQUIT");
      while (isAlive(pid)) await sleep(10);
      await server.stop();
    },
    async startAgain() {
      server = await startPostgres({ ...options, port });
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
