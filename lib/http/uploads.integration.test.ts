import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  statfs,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { createTestDatabase } from "../testing/database.ts";
import { CHUNK, createTestAdmin, SHOP_SQL, type TestAdmin, TUS } from "../testing/test-admin.ts";

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

it("keeps of a file's name what can be shown as it is", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url });
  const name = Buffer.from("../shop\u202Epiz.\u0007exe\u2066.zip").toString("base64");
  const created = await admin.call("POST", "uploads", {
    headers: { ...TUS, "upload-length": "9", "upload-metadata": `filename ${name}` },
  });
  const id = created.headers.get("location")?.split("/").at(-1);
  const head = await admin.call("HEAD", `uploads/${id}`, { headers: TUS });
  const [, kept = ""] = /filename ([^,]+)/.exec(head.headers.get("upload-metadata") ?? "") ?? [];
  expect(Buffer.from(kept, "base64").toString()).toBe("shoppiz.exe.zip");
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
  // An owner that the client names is ignored.
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

it("makes its folder private, whatever a group was given", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url });
  await mkdir(admin.uploadDir, { recursive: true });
  for (const mode of [0o755, 0o2770]) {
    await chmod(admin.uploadDir, mode);
    await admin.upload(ARCHIVE);
    expect((await stat(admin.uploadDir)).mode & 0o777).toBe(0o700);
  }
});

/** What another user may put in the folder's place, before or while the app runs. */
const REPLACED: Array<{
  name: string;
  replace: (folder: string) => Promise<void>;
  said: RegExp;
  /** Only root can give a file to another user. */
  asRoot?: boolean;
}> = [
  {
    name: "a link to a folder of the app's own",
    async replace(folder) {
      await mkdir(`${folder}-elsewhere`, { mode: 0o700 });
      await symlink(`${folder}-elsewhere`, folder);
    },
    said: /is a link, of the user \d+ and with the mode 0777, and not a folder/,
  },
  {
    name: "a link to nothing",
    replace: (folder) => symlink(`${folder}-elsewhere`, folder),
    said: /is a link/,
  },
  { name: "a file", replace: (folder) => writeFile(folder, ""), said: /is a file/ },
  {
    name: "a folder into which everybody may write",
    async replace(folder) {
      await mkdir(folder);
      await chmod(folder, 0o777);
    },
    said: /has the mode 0777: everybody may have put something into it.*chmod 700/,
  },
  {
    name: "another user's folder",
    async replace(folder) {
      await mkdir(folder, { mode: 0o700 });
      await chown(folder, 12345, 12345);
    },
    said: /belongs to another user: to 12345 with the mode 0700, and the app is the user 0/,
    asRoot: true,
  },
];

describe.concurrent("refuses, in place of its folders,", () => {
  for (const { name, replace, said, asRoot } of REPLACED) {
    it.skipIf(asRoot && process.getuid?.() !== 0)(name, async () => {
      await using database = await createTestDatabase({ sql: SHOP_SQL });
      await using admin = await createTestAdmin({ url: database.url });
      const zip = await admin.backup();
      const { id: restored } = await admin.ok("POST", "restores", {
        json: { uploadId: await admin.upload(zip) },
      });
      await admin.reach(restored, "ready");
      const json = { confirmation: database.name };
      await admin.ok("POST", `restores/${restored}/start`, { json });
      await admin.reach(restored, "succeeded");
      const uploadId = await admin.upload(zip);
      for (const folder of [admin.uploadDir, admin.safetyBackupDir]) {
        await rename(folder, `${folder}-kept`);
        await replace(folder);
      }
      const refused = (what: string, folder: string) => (error: object) => {
        expect(error).toMatchObject({ status: 500, code: "CONFIG_INVALID" });
        const text = JSON.stringify(error);
        expect(text).toMatch(said);
        expect(text).toContain(`The folder for ${what}, ${folder}, `);
      };
      const isUploads = refused("uploads", admin.uploadDir);
      const headers = { ...TUS, "upload-length": "5" };
      isUploads(await admin.fail("POST", "uploads", { headers }));
      const chunk = { ...CHUNK, "upload-offset": "0" };
      isUploads(await admin.fail("PATCH", `uploads/${uploadId}`, { headers: chunk }));
      isUploads(await admin.fail("POST", "restores", { json: { uploadId } }));
      const undo = { json: { undo: restored } };
      refused("safety backups", admin.safetyBackupDir)(await admin.fail("POST", "restores", undo));
      expect(await readdir(`${admin.uploadDir}-elsewhere`).catch(() => [])).toEqual([]);
      // Another process that starts now finds it as well.
      const { uploadDir } = admin;
      await using other = await createTestAdmin({ url: database.url, uploadDir });
      isUploads(await other.fail("GET", "operations"));
    });
  }

  it.each(["/", "/."])("a link that the options name with “%s” at its end", async (end) => {
    await using database = await createTestDatabase();
    await using admin = await createTestAdmin({ url: database.url });
    const link = `${admin.uploadDir}-link`;
    await mkdir(`${link}-elsewhere`, { mode: 0o700 });
    await symlink(`${link}-elsewhere`, link);
    await using other = await createTestAdmin({ url: database.url, uploadDir: link + end });
    expect(await other.fail("GET", "operations")).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/ is a link, /),
    });
    expect(await readdir(`${link}-elsewhere`)).toEqual([]);
  });

  it("a file of its own folder that is a link", async () => {
    await using database = await createTestDatabase();
    await using admin = await createTestAdmin({ url: database.url });
    const id = await admin.upload(ARCHIVE);
    const file = path.join(admin.uploadDir, id);
    await rename(file, `${admin.uploadDir}-moved`);
    await symlink(`${admin.uploadDir}-moved`, file);
    expect((await admin.call("HEAD", `uploads/${id}`, { headers: TUS })).status).toBe(404);
    expect(await admin.fail("POST", "restores", { json: { uploadId: id } })).toMatchObject({
      code: "UPLOAD_NOT_FOUND",
    });
  });
});

describe.concurrent("takes no more uploads than are allowed", () => {
  const MiB = 2 ** 20;
  const announce = (admin: TestAdmin, sizeBytes: number, user = "ada") =>
    admin.call("POST", "uploads", {
      user,
      headers: { ...TUS, "upload-length": String(sizeBytes) },
    });
  const limits = {
    maxUploadBytes: 10 * MiB,
    maxUploadBytesPerPerson: 20 * MiB,
    maxUploadBytesTotal: 30 * MiB,
  };

  it("of one person, and of all together: announced ones count", async () => {
    await using database = await createTestDatabase();
    await using admin = await createTestAdmin({ url: database.url, ...limits });
    expect((await announce(admin, 10 * MiB)).status).toBe(201);
    const second = await announce(admin, 9 * MiB);
    expect(second.status).toBe(201);
    const refused = await announce(admin, 2 * MiB);
    expect(refused.status).toBe(413);
    expect((await refused.json()).error).toMatchObject({
      code: "ARCHIVE_TOO_LARGE",
      message:
        "Your uploads on this server would be larger than is allowed: 19.9 MB are there or announced, this one has 2.10 MB, and 21.0 MB are allowed together. Nothing was uploaded.",
      hint: expect.stringContaining("maxUploadBytesPerPerson"),
      details: { usedBytes: 19 * MiB, maxUploadBytesPerPerson: 20 * MiB },
    });
    expect(await readdir(admin.uploadDir)).toHaveLength(4);
    // Each upload counts as at least one megabyte, so that one person cannot have a million of them.
    expect((await announce(admin, 1)).status).toBe(201);
    expect((await announce(admin, 1)).status).toBe(413);
    // Another person has their own room, until the total is used up.
    expect((await announce(admin, 10 * MiB, "bob")).status).toBe(201);
    expect((await (await announce(admin, 1, "bob")).json()).error).toMatchObject({
      message: expect.stringContaining("All uploads"),
      hint: expect.stringContaining("maxUploadBytesTotal"),
    });
    // A removed upload no longer counts.
    const id = second.headers.get("location")?.split("/").at(-1);
    await admin.call("DELETE", `uploads/${id}`, { headers: TUS });
    expect((await announce(admin, 9 * MiB)).status).toBe(201);
  });

  it("of all instances that share the folder, also at once; expired ones do not count", async () => {
    await using database = await createTestDatabase();
    await using admin = await createTestAdmin({ url: database.url, ...limits });
    const { uploadDir } = admin;
    await using other = await createTestAdmin({ url: database.url, uploadDir, ...limits });
    await Promise.all([admin, other].map((it) => it.ok("GET", "operations")));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, turn) => announce(turn % 2 ? admin : other, 6 * MiB)),
    );
    const taken = answers.filter(({ status }) => status === 201).length;
    // Uploads that arrive at the same moment may refuse each other.
    expect(taken).toBeLessThanOrEqual(3);
    expect(await readdir(uploadDir)).toHaveLength(2 * taken);
    while ((await announce(admin, 6 * MiB)).status === 201);
    expect(await readdir(uploadDir)).toHaveLength(6);
    const yesterday = Date.now() / 1000 - 24 * 3600 - 1;
    for (const name of await readdir(uploadDir))
      await utimes(path.join(uploadDir, name), yesterday, yesterday);
    expect((await announce(other, 10 * MiB)).status).toBe(201);
  });

  it("than the disk has room for, with what others have announced", async () => {
    await using database = await createTestDatabase();
    const most = { maxUploadBytes: 2 ** 51, maxUploadBytesTotal: 2 ** 53 - 1 };
    await using admin = await createTestAdmin({ url: database.url, ...most });
    await admin.ok("GET", "operations");
    const { bavail, bsize } = await statfs(admin.uploadDir);
    const half = Math.floor((bavail * bsize) / 2);
    expect((await announce(admin, half)).status).toBe(201);
    expect((await (await announce(admin, half)).json()).error).toMatchObject({
      code: "ARCHIVE_TOO_LARGE",
      message: expect.stringContaining("room"),
    });
  });
});
