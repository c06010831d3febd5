/** A restore stores what its archive says about itself. However large that is, other requests must not wait for it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Activity, ListedOperation, Operation } from "../shared/api.ts";
import { MAX_WARNINGS } from "../shared/archive-format.ts";
import { temporaryFolder } from "../testing/archives.ts";
import { createTestDatabase } from "../testing/database.ts";
import { type ForgedEntry, pack, unpack } from "../testing/forge-zip.ts";
import { createTestAdmin, SHOP_SQL } from "../testing/test-admin.ts";

/** Replaces the manifest of a zip. Anybody can do so if it is not encrypted. */
async function forge(zip: Uint8Array, change: (manifest: never) => unknown): Promise<Buffer> {
  const path = join(await temporaryFolder(), "a.zip");
  await writeFile(path, zip);
  const entries = await unpack(path);
  return pack(
    entries.map((entry): ForgedEntry => {
      if (entry.name !== "manifest.json") return { ...entry, deflate: true };
      const manifest = change(JSON.parse(Buffer.from(entry.content).toString()) as never);
      return { ...entry, content: Buffer.from(JSON.stringify(manifest)), deflate: true };
    }),
  );
}

const listedBytes = (operations: ListedOperation[]) => JSON.stringify(operations).length;

it("keeps no more of 200,000 warnings than anybody reads, and counts the rest", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const hostile = await forge(await admin.backup(), (manifest: { warnings: unknown[] }) => ({
    ...manifest,
    warnings: [
      ...Array.from({ length: 200_000 }, () => ({ code: "A", message: "x".repeat(60) })),
      { code: "B", message: "The only one of its kind." },
    ],
  }));
  expect(hostile.length).toBeLessThan(100_000);
  const uploadId = await admin.upload(hostile);
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  const { plan } = await admin.reach(id, "ready");
  expect(plan?.manifest.warnings).toHaveLength(MAX_WARNINGS);
  expect(plan?.warnings).toHaveLength(MAX_WARNINGS);
  expect(plan?.warnings.at(-1)?.message).toBe(
    `There are ${(200_001 - MAX_WARNINGS + 1).toLocaleString("en")} more warnings, which are not listed.`,
  );
  expect(plan?.warnings.map(({ code }) => code)).toContain("B");
  expect(listedBytes(await admin.ok<ListedOperation[]>("GET", "operations"))).toBeLessThan(3000);
  await admin.ok("POST", `operations/${id}/cancel`, { json: {} });
  await admin.reach(id, "cancelled");
});

it("keeps no more differences, checks and migrations than anybody reads", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  type Manifest = { tables: Array<{ columns: unknown[] }> };
  const hostile = await forge(await admin.backup(), (manifest: Manifest) => {
    for (const table of manifest.tables) {
      const more = Array.from({ length: 1500 }, (_, at) => ({
        name: `${at}`.padEnd(1024, "c"),
        type: "t".repeat(1000),
        encoding: "text",
      }));
      table.columns.push(...more);
    }
    return {
      ...manifest,
      migrations: Array.from({ length: 20_000 }, (_, at) => ({
        name: `${at}`.padEnd(1000, "m"),
        checksum: "c".repeat(300),
        finishedAt: "2026-01-01T00:00:00Z",
        rolledBackAt: null,
      })),
      sequences: Array.from({ length: 5000 }, (_, at) => ({
        schema: "public",
        name: `${at}`.padEnd(1024, "s"),
        ownerTable: null,
        ownerColumn: null,
        lastValue: "1",
        isCalled: true,
      })),
    };
  });
  const uploadId = await admin.upload(hostile);
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  const { plan } = await admin.reach(id, "ready");
  expect(plan?.drift).toHaveLength(1000);
  expect(plan?.warnings[0]).toMatchObject({ code: "MORE_DRIFT" });
  expect(plan?.migrations).toHaveLength(10_000);
  expect(JSON.stringify(plan).length).toBeLessThan(16_000_000);
  for (const { message, remedy = "" } of plan?.checks ?? []) {
    expect(Math.max(message.length, remedy.length)).toBeLessThanOrEqual(20_000);
  }
  await admin.ok("POST", `operations/${id}/cancel`, { json: {} });
  await admin.reach(id, "cancelled");
});

it("reads no plan, result, request or error for a list, whoever polls it", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const uploadId = await admin.upload(await admin.backup());
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  await admin.reach(id, "ready");
  const rename = (suffix: [from: string, to: string]) =>
    database.query(
      ["plan", "result", "error", "request"]
        .map(
          (name) =>
            `ALTER TABLE prisma_backup_admin.operations RENAME ${name}${suffix[0]} TO ${name}${suffix[1]}`,
        )
        .join("; "),
    );
  // Every query that reads these columns now fails.
  await rename(["", "_elsewhere"]);
  const operations = await admin.ok<ListedOperation[]>("GET", "operations");
  expect(operations).toMatchObject([
    { id, state: "ready", canStart: true, rows: null, archiveBytes: null, progress: null },
    { kind: "backup", state: "succeeded", canStart: null, rows: 550 },
  ]);
  const activity = await admin.ok<Activity>("GET", "activity?search=my");
  expect(activity.operations.map((it) => it.id)).toEqual([id]);
  expect(await admin.fail("GET", `operations/${id}`)).toMatchObject({ status: 500 });
  await rename(["_elsewhere", ""]);
  await admin.ok("POST", `operations/${id}/cancel`, { json: {} });
  await admin.reach(id, "cancelled");
});

it("sends a plan once to who polls an operation", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const uploadId = await admin.upload(await admin.backup());
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  const { state, startedAt, plan } = await admin.reach(id, "ready");
  expect(plan).not.toBeNull();
  const poll = (known: Record<string, string>) =>
    admin.ok<Partial<Operation>>("GET", `operations/${id}?${new URLSearchParams(known)}`);
  const known = { state, startedAt: startedAt ?? "" };
  expect(await poll(known)).not.toHaveProperty("plan");
  expect(await poll(known)).toMatchObject({ id, state: "ready" });
  expect(await poll({ ...known, state: "running" })).toMatchObject({ plan });
  expect(await poll({ state })).toMatchObject({ plan });
  expect(await poll({ ...known, startedAt: "yesterday" })).toMatchObject({ plan });
  // The new plan differs.
  const json = { scope: { mode: "overwrite" }, rehearse: false };
  await admin.ok("POST", `restores/${id}/plan`, { json });
  await admin.reach(id, "ready");
  expect((await poll(known)).plan?.scope.mode).toBe("overwrite");
  await admin.ok("POST", `operations/${id}/cancel`, { json: {} });
  await admin.reach(id, "cancelled");
});
