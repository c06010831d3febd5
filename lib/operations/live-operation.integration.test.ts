import { randomBytes, randomUUID } from "node:crypto";
import { expect, it, vi } from "vitest";
import { openDatabase } from "../postgres/connection/connection.ts";
import type { TableProgress } from "../shared/progress.ts";
import { createTestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import type { Context } from "./context.ts";
import { LiveOperation } from "./live-operation.ts";
import { insertOperation } from "./operation-store.ts";

const INTERVAL_MS = 500;
const INTERVALS = 20;

const tables = (count: number, nameBytes: number): TableProgress[] =>
  Array.from({ length: count }, () => ({
    schema: "public",
    name: randomBytes(nameBytes).toString("hex"),
    model: null,
    state: "waiting",
    rows: 0,
    totalRows: 1000,
    totalIsExact: true,
    bytes: 0,
  }));

it.each([
  {
    what: "of a few tables each half second",
    planned: tables(100, 10),
    most: INTERVALS,
    least: INTERVALS,
  },
  { what: "of 5 MB each five seconds", planned: tables(10_000, 200), most: 3, least: 2 },
])(
  "writes progress $what, and says all the time that it lives",
  async ({ planned, most, least }) => {
    await using db = await createTestDatabase({ sql: "SELECT 1" });
    const database = openDatabase({ connectionString: db.url });
    const { pool } = database;
    const { id } = await insertOperation(database, {
      id: randomUUID(),
      state: "running",
      actor: { id: "ada", name: "Ada" },
      request: { kind: "backup", tables: null },
      encryption: "none",
      fileName: "a.zip",
    });
    const seen = { rows: new Set<string>(), heartbeats: new Set<string>() };
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    const live = new LiveOperation({ database, config: {} as Context["config"] }, id);
    try {
      live.onProgress({ type: "planned", tables: planned });
      for (let rows = 1; rows <= INTERVALS; rows++) {
        live.onProgress({ type: "table", index: 0, state: "running", rows, bytes: rows });
        vi.advanceTimersByTime(INTERVAL_MS);
        // The write has begun.
        await until(
          "it is written",
          async () => pool.idleCount === pool.totalCount && pool.waitingCount === 0,
        );
        const [row] = await db.query<{ rows: string; heartbeat: string }>(
          `SELECT progress #>> '{tables,0,rows}' AS rows, heartbeat_at::text AS heartbeat
         FROM prisma_backup_admin.operations`,
        );
        seen.rows.add(row?.rows ?? "");
        seen.heartbeats.add(row?.heartbeat ?? "");
      }
      await live.stop();
    } finally {
      vi.useRealTimers();
      await database.close();
    }
    expect(seen.rows.size).toBeGreaterThanOrEqual(least);
    expect(seen.rows.size).toBeLessThanOrEqual(most);
    expect(seen.heartbeats.size).toBeGreaterThanOrEqual((INTERVALS * INTERVAL_MS) / 2500);
  },
);
