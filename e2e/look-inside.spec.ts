/** Before any upload: the page shows whether a backup is complete and the right one, and what it contains. */
import { open, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Page, Request } from "@playwright/test";
import JSZip from "jszip";
import type { EncryptionChoice } from "../lib/shared/api.ts";
import { shell } from "../lib/testing/oracles.ts";
import { discard, makeBackup } from "./support/api.ts";
import { generateIdentity } from "./support/archive.ts";
import { expectAccessible } from "./support/axe.ts";
import { query } from "./support/database.ts";
import {
  chooseFile,
  expectReady,
  holdUpload,
  OPERATION,
  openChosen,
  PANEL,
  refuseWorkers,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const PASSPHRASE = "look before you leap, twice";
const TABLES = ["products", "categories", "reviews"].map((name) => ({ schema: "public", name }));
const LOCKED: EncryptionChoice = { mode: "passphrase", passphrase: PASSPHRASE };

const verdict = (page: Page, title: string) =>
  page.getByRole("status").or(page.getByRole("alert")).filter({ hasText: title });

/** Repacks a zip, as a person who knows zip files can. */
async function repack(file: string, name: string, change: (zip: JSZip) => Promise<void> | void) {
  const zip = await JSZip.loadAsync(await readFile(file));
  await change(zip);
  const changed = path.join(path.dirname(file), name);
  await writeFile(changed, await zip.generateAsync({ type: "nodebuffer", compression: "DEFLATE" }));
  return changed;
}

/** Records what leaves the page from now on, except loads of its own files and queries to the server. */
function watchRequests(page: Page): Request[] {
  const sent: Request[] = [];
  page.on("request", (request) => {
    if (request.method() !== "GET" || request.postDataBuffer() !== null) sent.push(request);
  });
  return sent;
}

test("only looks inside: opens, checks and shows a backup, and sends nothing", async ({
  page,
  folder,
}) => {
  const file = await makeBackup(page.request, folder, LOCKED, TABLES);
  const addresses: string[] = [];
  page.on("request", (request) => addresses.push(request.url()));
  const sent = watchRequests(page);
  await chooseFile(page, file);
  await expect(page).toHaveURL(/\/restore\/inside$/);
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toHaveText("Check this backup");
  const passphrase = page.getByLabel("Passphrase", { exact: true });
  await expect(passphrase).toBeFocused();

  await passphrase.fill("something else");
  await page.keyboard.press("Enter");
  await expect(verdict(page, "Wrong passphrase.")).toBeVisible();
  await expect(passphrase).toBeFocused();

  await passphrase.fill(PASSPHRASE);
  await page.getByRole("button", { name: "Only look inside" }).click();
  await expect(verdict(page, "This backup is fine.")).toBeVisible();
  await expect(page.getByText("Nothing was uploaded yet.")).toBeVisible();
  // It holds some of the database's tables, and says so.
  await expect(page.getByText(/^A backup of 3 of 2\d tables, encrypted/)).toBeVisible();
  await expect(verdict(page, "This backup is fine.")).toContainText(/every row of 3 of 2\d tables/);
  const tables = page.getByRole("list", { name: "Tables of the backup" }).getByRole("listitem");
  await expect(tables).toHaveCount(3);
  await expect(tables.getByRole("img", { name: "Fine" })).toHaveCount(3);
  const [{ count } = { count: 0 }] = await query<{ count: number }>(
    "SELECT count(*)::int AS count FROM products",
  );
  await expect(tables.filter({ hasText: "public.products" })).toContainText(
    `${count.toLocaleString("en")} rows`,
  );
  await page.getByRole("button", { name: "Show rows of Product" }).click();
  await expect(page.getByRole("grid", { name: "Rows of Product" })).toBeVisible();

  // Neither a byte of the file nor the passphrase was sent or stored.
  expect(sent.map((request) => `${request.method()} ${request.url()}`)).toEqual([]);
  expect(addresses.filter((address) => /leap|look%20before/.test(address))).toEqual([]);
  const kept = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]),
  );
  expect(kept).not.toContain("leap");

  // The passphrase is not requested again.
  const release = await holdUpload(page);
  const restoring = page.waitForRequest((request) => request.url().endsWith("/api/restores"));
  await page.getByRole("button", { name: "Upload this backup" }).click();
  await expect(page).toHaveURL(/\/restore\/upload$/);
  await expect(heading).toHaveText("Uploading this backup");
  await expect(page).toHaveTitle(/^\d+\s?%/);
  await expect(passphrase).toBeHidden();
  release();
  expect((await restoring).postDataJSON()).toMatchObject({ passphrase: PASSPHRASE });
  await expectBegunAndDiscard(page);
});

test("begins the upload by itself only after the check, and cancels it without a trace", async ({
  page,
  folder,
}) => {
  const file = await makeBackup(page.request, folder, LOCKED);
  const release = await holdUpload(page);
  await page.goto(PANEL);
  await page.getByRole("link", { name: "Restore a backup" }).click();
  await page.getByLabel("Backup file").setInputFiles(file);
  const sent = watchRequests(page);
  await page.getByLabel("Passphrase", { exact: true }).fill("something else");
  await page.getByRole("button", { name: "Check this backup" }).click();
  await expect(verdict(page, "Wrong passphrase.")).toBeVisible();
  expect(sent).toEqual([]);
  await openChosen(page, { passphrase: PASSPHRASE });
  await expect(page.getByText("Uploading", { exact: true })).toBeVisible();
  await expect(page).toHaveURL(/\/restore\/upload$/);

  const deleting = page.waitForRequest((request) => request.method() === "DELETE");
  await page.getByRole("button", { name: "Cancel upload" }).click();
  await deleting;
  await expect(page.getByText("The upload was cancelled. Nothing was changed.")).toBeVisible();
  await expect(page).toHaveURL(/\/restore\/inside$/);
  await expect(verdict(page, "This backup is fine.")).toBeVisible();

  // It is still open, so the upload needs nothing else. The restore takes the place of its steps in the history.
  release();
  await page.getByRole("button", { name: "Upload this backup" }).click();
  await expectReady(page);
  const [, id = ""] = OPERATION.exec(page.url()) ?? [];
  await page.goBack();
  await expect(page).toHaveURL(`${PANEL}/restore`);
  await expect(page.getByText("Drop a backup here")).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(PANEL);
  await discard(page.request, id);
});

/** Expects a step of a restore's page, whichever it is, then discards the restore. */
async function expectBegunAndDiscard(page: Page) {
  const begun = new RegExp(OPERATION.source.replace("$", ""));
  await expect(page).toHaveURL(begun);
  await discard(page.request, begun.exec(page.url())?.[1] ?? "");
}

test("says what is wrong with a backup, and with which table", async ({ page, folder }) => {
  const sent = watchRequests(page);
  const plain = await makeBackup(page.request, folder, { mode: "none" }, TABLES);
  const entry = "tables/public.products.json";

  const edited = await repack(plain, "edited.zip", async (zip) => {
    const json = (await zip.file(entry)?.async("string")) ?? "";
    zip.file(entry, json.replace(/"price":"\d/, '"price":"0'), { createFolders: false });
  });
  await chooseFile(page, edited);
  const damaged = verdict(page, "This backup is damaged.");
  await expect(damaged).toBeVisible();
  await expect(damaged.getByRole("listitem")).toHaveText(["public.products"]);
  await expect(page.getByRole("button", { name: "Show rows of Product" })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Upload this backup anyway" })).toBeVisible();
  // The other tables can still be saved.
  await expect(damaged).toContainText("2 other tables");
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save the undamaged tables as CSV" }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toBe("edited-csv.zip");
  const tables = await JSZip.loadAsync(await readFile(await saved.path()));
  expect(Object.keys(tables.files)).toEqual(["public.categories.csv", "public.reviews.csv"]);
  const { length } = JSON.parse(
    await shell(`unzip -p '${plain}' tables/public.reviews.json`, folder),
  );
  const csv = (await tables.file("public.reviews.csv")?.async("string")) ?? "";
  await writeFile(path.join(folder, "reviews.csv"), csv);
  const count = "import csv,sys;print(sum(1 for _ in csv.reader(open(sys.argv[1],newline=''))))";
  expect(Number(await shell(`python3 -c "${count}" reviews.csv`, folder))).toBe(length + 1);

  const lacking = await repack(plain, "lacking.zip", (zip) => void zip.remove(entry));
  await chooseFile(page, lacking);
  await expect(verdict(page, "This backup is incomplete.")).toContainText("public.products");

  const newer = await repack(plain, "newer.zip", async (zip) => {
    const text = (await zip.file("manifest.json")?.async("string")) ?? "";
    zip.file("manifest.json", text.replace('"formatVersion": 1', '"formatVersion": 2'));
  });
  await chooseFile(page, newer);
  await expect(verdict(page, "This backup was made by a newer version.")).toBeVisible();

  const cut = path.join(folder, "cut.zip");
  const whole = await readFile(plain);
  await writeFile(cut, whole.subarray(0, whole.length - 100));
  await chooseFile(page, cut);
  await expect(verdict(page, "This backup is incomplete.")).toContainText("Nothing was uploaded.");

  const other = path.join(folder, "photos.zip");
  const zip = new JSZip().file("photo.jpg", "no photo");
  await writeFile(other, await zip.generateAsync({ type: "nodebuffer" }));
  await chooseFile(page, other);
  await expect(verdict(page, "This is not a backup.")).toBeVisible();
  expect(sent.filter((request) => request.url().includes("/uploads"))).toEqual([]);
});

test("opens with an identity, which stays in the page, and not with a stranger's", async ({
  page,
  folder,
}) => {
  const { recipient, identity } = await generateIdentity(folder);
  const stranger = await generateIdentity(folder, "stranger.txt");
  const encryption: EncryptionChoice = { mode: "recipients", recipients: [recipient] };
  const file = await makeBackup(page.request, folder, encryption, TABLES);
  const sent = watchRequests(page);
  await chooseFile(page, file);
  const field = page.getByLabel("Private key", { exact: true });
  await field.fill(stranger.identity);
  await page.getByRole("button", { name: "Check this backup" }).click();
  await expect(verdict(page, "Wrong private key.")).toBeVisible();
  await field.fill(identity);
  await page.getByRole("button", { name: "Only look inside" }).click();
  await expect(verdict(page, "This backup is fine.")).toBeVisible();
  expect(page.workers(), "what opened it").toHaveLength(1);
  expect(sent.map((request) => `${request.method()} ${request.url()}`)).toEqual([]);
});

test("has a backup that is too large for the browser checked after the upload", async ({
  page,
  browserConsole,
  folder,
}) => {
  const file = await makeBackup(page.request, folder, { mode: "none" }, TABLES);
  const whole = await readFile(file);
  // The file has a correct beginning and end. The hole in between takes no room on the disk.
  const large = path.join(folder, "large.zip");
  await using handle = await open(large, "w");
  await handle.write(whole.subarray(0, 2000), 0, 2000, 0);
  await handle.write(whole, 2000, whole.length - 2000, 500_000_000);

  await chooseFile(page, large);
  const notice = page.getByText("It is too large for the browser, which can open");
  await expect(notice).toContainText("at most 500 MB");
  await expect(
    page.getByText("The server checks every byte of it after the upload instead."),
  ).toBeVisible();
  expect(page.workers(), "what would read it").toEqual([]);
  await expectAccessible(page);

  // The page could not look into the file, so the person chooses the encryption.
  await page.getByRole("radio", { name: "Not encrypted" }).click();
  browserConsole.expectStatus(422);
  await page.getByRole("button", { name: "Upload and check" }).click();
  await expect(verdict(page, "This backup is damaged.")).toBeVisible();
});

test("browses, searches and copies rows, and saves a table as CSV", async ({
  page,
  context,
  folder,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const file = await makeBackup(page.request, folder, { mode: "none" }, TABLES);
  await chooseFile(page, file, { onlyLooks: true });
  await page.getByRole("button", { name: "Show rows of Review" }).click();
  const grid = page.getByRole("grid", { name: "Rows of Review" });
  const json = `unzip -p '${file}' tables/public.reviews.json`;
  const total = Number(await shell(`${json} | jq length`, folder));
  await expect(grid).toHaveAttribute("aria-rowcount", String(total + 1));
  // Rows out of sight are not in the page.
  expect(await grid.getByRole("row").count()).toBeLessThan(80);

  const word = (
    await shell(`${json} | jq -r '.[7].text' | tr -s ' ' '\\n' | head -1`, folder)
  ).trim();
  const expected = Number(
    await shell(
      `${json} | jq --arg w '${word.toLowerCase()}' '[.[] | select([.[] | if type == "string" then . else tojson end] | any(ascii_downcase | contains($w)))] | length'`,
      folder,
    ),
  );
  await page.getByRole("searchbox", { name: "Search rows" }).fill(word);
  await expect(
    page.getByText(`${expected.toLocaleString("en")} of ${total.toLocaleString("en")} rows found`),
  ).toBeVisible();
  await expect(grid).toHaveAttribute("aria-rowcount", String(expected + 1));
  await page.getByRole("searchbox", { name: "Search rows" }).fill("");
  await expect(grid).toHaveAttribute("aria-rowcount", String(total + 1));

  await grid.getByRole("row").nth(3).click();
  const dialog = page.getByRole("dialog", { name: "Row 3 of public.reviews" });
  await dialog.getByRole("button", { name: "Copy JSON" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe((await shell(`${json} | jq '.[2]'`, folder)).trimEnd());
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();

  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as CSV" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("public.reviews.csv");
  const saved = path.join(folder, "reviews.csv");
  await download.saveAs(saved);
  // Compare Python's csv module with the archive's own JSON.
  const program =
    "import csv,json,sys;r=list(csv.reader(open(sys.argv[1],newline='',encoding='utf-8'),strict=True));print(json.dumps(r))";
  const records: string[][] = JSON.parse(
    await shell(`python3 -c "${program}" reviews.csv`, folder),
  );
  const rows: Array<Record<string, unknown>> = JSON.parse(await shell(json, folder));
  expect(records[0]).toEqual(Object.keys(rows[0] ?? {}));
  expect(records.slice(1)).toEqual(
    rows.map((row) => Object.values(row).map((value) => (value === null ? "" : String(value)))),
  );
});

test("chooses rows by keyboard alone, and asks for these only", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder, { mode: "none" }, TABLES);
  await chooseFile(page, file, { onlyLooks: true });
  await expect(verdict(page, "This backup is fine.")).toBeVisible();
  await page.getByRole("button", { name: "Show rows of Category" }).focus();
  await page.keyboard.press("Enter");
  const grid = page.getByRole("grid", { name: "Rows of Category" });
  await grid.getByRole("row").nth(1).focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await expect(grid.getByRole("row", { selected: true })).toHaveCount(2);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Row 3 of public.categories" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(grid.locator("[data-index='2']")).toBeFocused();
  await page.keyboard.press("End");
  const last = Number(await grid.getAttribute("aria-rowcount"));
  await expect(grid.locator(`[aria-rowindex='${last}']`)).toBeFocused();

  await expect(page.getByRole("heading", { name: "2 rows chosen" })).toBeVisible();
  const restoring = page.waitForRequest((request) => request.url().endsWith("/api/restores"));
  await page.getByRole("button", { name: "Restore these rows" }).press("Enter");
  expect((await restoring).postDataJSON()).toMatchObject({
    scope: {
      mode: "keep-existing",
      rows: [{ schema: "public", name: "categories", places: [1, 3] }],
    },
  });
  await expectBegunAndDiscard(page);
});

test("stays responsive while it checks, and can be stopped", async ({ page, folder }) => {
  const file = await makeLargeBackup(page, folder);
  await chooseFile(page, file, { onlyLooks: true });
  await expect(page.getByRole("progressbar", { name: "Check" })).toBeVisible();
  // Compare the gaps between drawn frames with the whole duration. A blocked page would have one gap as long as that.
  const drawn = await page.evaluate(async () => {
    const startMs = performance.now();
    let [frames, longestMs, lastMs] = [0, 0, startMs];
    while (!document.body.innerText.includes("This backup is fine.")) {
      await new Promise(requestAnimationFrame);
      const nowMs = performance.now();
      longestMs = Math.max(longestMs, nowMs - lastMs);
      lastMs = nowMs;
      frames++;
    }
    return { frames, longestMs, totalMs: performance.now() - startMs };
  });
  expect(drawn.frames).toBeGreaterThan(10);
  expect(drawn.longestMs).toBeLessThan(drawn.totalMs / 2);

  const sent = watchRequests(page);
  await page.getByRole("button", { name: "Choose another file" }).click();
  await page.getByLabel("Backup file").setInputFiles(file);
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText("The check was cancelled.")).toBeVisible();
  await page.getByRole("button", { name: "Check it" }).click();
  await expect(verdict(page, "This backup is fine.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Upload this backup" })).toBeVisible();
  expect(sent).toEqual([]);
});

test.afterEach(() => query("DROP TABLE IF EXISTS e2e_large"));

async function makeLargeBackup(page: Page, folder: string): Promise<string> {
  await query(`CREATE TABLE e2e_large AS
    SELECT i AS id, repeat(md5(i::text), 40) AS text FROM generate_series(1, 60000) AS i`);
  const tables = [{ schema: "public", name: "e2e_large" }];
  return makeBackup(page.request, folder, { mode: "none" }, tables);
}

test("asks for the file again after a reload, in place", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder, { mode: "none" }, TABLES);
  await chooseFile(page, file, { onlyLooks: true });
  await expect(page).toHaveURL(/\/restore\/inside$/);
  await page.reload();
  await expect(page.getByText("cleared your file. Choose it again.")).toBeVisible();
  const release = await holdUpload(page);
  await page.getByLabel("Backup file").setInputFiles(file);
  await expect(page).toHaveURL(/\/restore\/upload$/);
  await page.reload();
  await expect(page).toHaveURL(/\/restore\/upload$/);
  await expect(page.getByText("cleared your file. Choose it again.")).toBeVisible();
  release();
  await page.getByLabel("Backup file").setInputFiles(file);
  await expectBegunAndDiscard(page);
});

test("where no worker can start, the page says so and goes on", async ({ page, folder }) => {
  await refuseWorkers(page);
  const file = await makeBackup(page.request, folder, { mode: "none" }, TABLES);
  await chooseFile(page, file);
  await expect(page.getByText("You cannot look into it here.")).toBeVisible();
  await page.getByRole("button", { name: "Upload and check" }).click();
  await expectBegunAndDiscard(page);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`on a phone, ${colorScheme}, nothing is cut off and axe finds nothing serious`, async ({
    page,
    folder,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: 390, height: 844 });
    const file = await makeBackup(page.request, folder, LOCKED, TABLES);
    await page.goto("/admin/backup/restore");
    await expectAccessible(page);
    await chooseFile(page, file);
    await expect(page.getByRole("button", { name: "Check this backup" })).toBeInViewport();
    await expectAccessible(page);
    await page.getByLabel("Passphrase", { exact: true }).fill(PASSPHRASE);
    await page.getByRole("button", { name: "Only look inside" }).click();
    await expect(verdict(page, "This backup is fine.")).toBeVisible();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Show rows of Product" }).click();
    const grid = page.getByRole("grid", { name: "Rows of Product" });
    await expect(grid.locator("[aria-rowindex='2']")).toContainText("1");
    await expectAccessible(page);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
    await grid.locator("[aria-rowindex='2']").click();
    await expect(page.getByRole("dialog")).toContainText('"id"');
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    const release = await holdUpload(page);
    await expect(page.getByRole("button", { name: "Upload this backup" })).toBeInViewport();
    await page.getByRole("button", { name: "Upload this backup" }).click();
    await expect(page.getByText("Uploading", { exact: true })).toBeVisible();
    await expect(page.getByRole("button", { name: "Cancel upload" })).toBeInViewport();
    await expectAccessible(page);
    release();
    await expectBegunAndDiscard(page);
  });
}
