import { chmod, mkdir, readdir, readFile, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { createTestDatabase } from "../../scripts/testing/database.ts";
import { CHUNK, createTestAdmin, TUS } from "./testing.ts";

const ARCHIVE = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);

it("takes an upload in chunks, tells its offset, goes on after a break, and removes it", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url });
  const options = await admin.call("OPTIONS", "uploads");
  expect(options.headers.get("tus-extension")).toBe("creation,termination,expiration");

  const created = await admin.call("POST", "uploads", {
    headers: { ...TUS, "upload-length": String(ARCHIVE.length) },
  });
  const location = created.headers.get("location") ?? "";
  expect(location).toMatch(/^\/admin\/backup\/api\/uploads\/[0-9a-f]{32}$/);
  const id = location.split("/").at(-1) ?? "";

  const send = (from: number, to: number) =>
    admin.call("PATCH", `uploads/${id}`, {
      body: ARCHIVE.slice(from, to),
      headers: { ...CHUNK, "upload-offset": String(from) },
    });
  expect((await send(0, 40_000)).headers.get("upload-offset")).toBe("40000");
  expect((await send(50_000, 60_000)).status).toBe(409);
  const early = await admin.fail("POST", "restores", { json: { uploadId: id } });
  expect(early).toMatchObject({ status: 409, code: "OPERATION_STATE" });
  const head = await admin.call("HEAD", `uploads/${id}`, { headers: TUS });
  expect(head.headers.get("upload-offset")).toBe("40000");
  expect((await send(40_000, ARCHIVE.length)).headers.get("upload-offset")).toBe("100000");
  expect(await readFile(path.join(admin.uploadDir, id))).toEqual(Buffer.from(ARCHIVE));

  expect((await admin.call("DELETE", `uploads/${id}`, { headers: TUS })).status).toBe(204);
  expect(await readdir(admin.uploadDir)).toEqual([]);
  expect((await admin.call("HEAD", `uploads/${id}`, { headers: TUS })).status).toBe(404);
});

it("names an upload's address with a slash at its end where the app's addresses have one", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url });
  const created = await admin.call("POST", "uploads/", {
    headers: { ...TUS, "upload-length": "5" },
  });
  expect(created.headers.get("location")).toMatch(
    /^\/admin\/backup\/api\/uploads\/[0-9a-f]{32}\/$/,
  );
});

it("says that a body was cut on its way, and keeps what did arrive", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url });
  const created = await admin.call("POST", "uploads", {
    headers: { ...TUS, "upload-length": String(ARCHIVE.length) },
  });
  const id = created.headers.get("location")?.split("/").at(-1) ?? "";
  const cut = { ...CHUNK, "upload-offset": "0", "content-length": String(ARCHIVE.length) };
  expect(
    await admin.fail("PATCH", `uploads/${id}`, { body: ARCHIVE.slice(0, 1000), headers: cut }),
  ).toMatchObject({
    status: 400,
    code: "UPLOAD_CUT_SHORT",
    hint: expect.stringContaining("proxyClientMaxBodySize"),
    details: { sentBytes: ARCHIVE.length, receivedBytes: 1000 },
  });
  const head = await admin.call("HEAD", `uploads/${id}`, { headers: TUS });
  expect(head.headers.get("upload-offset")).toBe("1000");
});

it("keeps uploads in files that no other user of the system may read", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url });
  const before = process.umask(0);
  try {
    const id = await admin.upload(ARCHIVE);
    const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);
    expect(await modeOf(admin.uploadDir)).toBe("700");
    for (const name of [id, `${id}.json`]) {
      expect(await modeOf(path.join(admin.uploadDir, name))).toBe("600");
    }
  } finally {
    process.umask(before);
  }
});

it("shows an upload to nobody but its owner, and to no made-up id", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url });
  const id = await admin.upload(ARCHIVE);
  const user = "bob";
  for (const method of ["HEAD", "PATCH", "DELETE"] as const) {
    const headers = { ...CHUNK, "upload-offset": "100000" };
    expect((await admin.call(method, `uploads/${id}`, { user, headers })).status).toBe(404);
    for (const other of ["..%2f..%2fetc%2fpasswd", "../x", `${id}.json`, "f".repeat(32)]) {
      expect((await admin.call(method, `uploads/${other}`, { headers })).status).toBe(404);
    }
  }
  expect(await admin.fail("POST", "restores", { user, json: { uploadId: id } })).toMatchObject({
    status: 404,
    code: "UPLOAD_NOT_FOUND",
  });
  // What the client says of the owner counts for nothing.
  const spoofed = await admin.call("POST", "uploads", {
    user: "bob",
    headers: {
      ...TUS,
      "upload-length": "1",
      "upload-metadata": `owner ${Buffer.from("ada").toString("base64")}`,
    },
  });
  const spoofedId = spoofed.headers.get("location")?.split("/").at(-1);
  expect((await admin.call("HEAD", `uploads/${spoofedId}`, { headers: TUS })).status).toBe(404);
  expect((await stat(path.join(admin.uploadDir, id))).size).toBe(ARCHIVE.length);
});

it("refuses what is too large, or longer than announced, or has no length", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url, maxUploadBytes: 50_000 });
  const create = (length: Record<string, string>) =>
    admin.fail("POST", "uploads", { headers: { ...TUS, ...length } });
  const tooLarge = { status: 413, code: "ARCHIVE_TOO_LARGE" };
  expect(await create({ "upload-length": "50001" })).toMatchObject(tooLarge);
  expect(await create({ "upload-defer-length": "1" })).toMatchObject({ status: 400 });
  expect(await create({ "upload-length": "-1" })).toMatchObject({ status: 400 });

  const created = await admin.call("POST", "uploads", {
    headers: { ...TUS, "upload-length": "1000" },
  });
  const id = created.headers.get("location")?.split("/").at(-1);
  const long = { headers: { ...CHUNK, "upload-offset": "0" }, body: ARCHIVE };
  expect(await admin.fail("PATCH", `uploads/${id}`, long)).toMatchObject(tooLarge);
  expect((await stat(path.join(admin.uploadDir, id ?? ""))).size).toBeLessThanOrEqual(1000);

  await using roomy = await createTestAdmin({ url: database.url, maxUploadBytes: 2 ** 52 });
  const huge = { headers: { ...TUS, "upload-length": String(2 ** 52) } };
  expect(await roomy.fail("POST", "uploads", huge)).toMatchObject({
    ...tooLarge,
    message: expect.stringContaining("room"),
  });
});

it("removes uploads that are too old", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url });
  const old = await admin.upload(ARCHIVE);
  const yesterday = Date.now() / 1000 - 24 * 3600 - 1;
  for (const name of await readdir(admin.uploadDir)) {
    await utimes(path.join(admin.uploadDir, name), yesterday, yesterday);
  }
  const young = await admin.upload(ARCHIVE);
  expect(await readdir(admin.uploadDir)).toEqual([young, `${young}.json`]);
  expect((await admin.call("HEAD", `uploads/${old}`, { headers: TUS })).status).toBe(404);
});

it("makes its folder private, and refuses one that is a link to elsewhere", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url });
  await mkdir(admin.uploadDir, { recursive: true });
  await chmod(admin.uploadDir, 0o777);
  await admin.upload(ARCHIVE);
  expect((await stat(admin.uploadDir)).mode & 0o777).toBe(0o700);

  await using other = await createTestAdmin({ url: database.url, uploadDir: "/proc/self/cwd" });
  expect(await other.fail("POST", "uploads", { headers: TUS })).toMatchObject({
    status: 500,
    code: "CONFIG_INVALID",
  });
});
