/** A restore with slow answers: nothing is blank, nothing is sent twice, and nothing looks like a failure. */
import path from "node:path";
import type { Page } from "@playwright/test";
import { discard } from "./support/api.ts";
import { dumpDatabase, expectDatabase, holdRestore, query } from "./support/database.ts";
import {
  chooseEncryption,
  expectReady,
  expectRestored,
  OPERATION,
  operationPath,
  PANEL,
  rowOf,
  tableProgress,
} from "./support/panel.ts";
import { DATABASE } from "./support/shop.ts";
import { expect, test } from "./support/test.ts";

/** Throttled as in Chromium's own tools: milliseconds for each request, bytes per second. */
const CONNECTIONS = {
  "slow 4G": { latency: 562, downloadThroughput: 180_000, uploadThroughput: 84_375 },
  "3G": { latency: 2_000, downloadThroughput: 50_000, uploadThroughput: 50_000 },
  none: { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 },
};

/** What the page shows while it waits for an answer. */
const WAITING = [
  "Reading the database",
  "Looking into slow.zip",
  "Uploading",
  "The check begins",
  "Loading the operation",
  "Checking: ",
  "Reading the trial run's report",
  "Loading the graph",
  "Restoring: ",
  "Reading the activity",
];

const [PARENTS, CHILDREN] = ["public.e2e_parents", "public.e2e_children"] as const;

test("goes the whole way over a slow network, and without any for a moment", async ({
  page,
  folder,
  browserConsole,
}) => {
  browserConsole.expectNoConnection();
  await makeTables();
  const expected = await dumpDatabase();
  const heard = await listen(page);
  const asked = countPosts(page);
  const connect = await throttle(page);

  await connect("slow 4G");
  await page.goto(`${PANEL}/create`, { waitUntil: "commit" });
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toHaveText("Create backup");
  await page.getByRole("button", { name: "Choose tables" }).click();
  await page.getByRole("checkbox", { name: "Select all tables" }).uncheck();
  await page.getByRole("searchbox", { name: "Find a table" }).fill("e2e_");
  await page.getByRole("checkbox", { name: "Select all found tables" }).check();
  await chooseEncryption(page, { mode: "none" });
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download", exact: true }).dblclick();
  const file = path.join(folder, "slow.zip");
  await (await downloading).saveAs(file);
  await expect(page.getByText("The backup is complete.", { exact: true })).toBeVisible();
  await query("UPDATE e2e_children SET noise = 'Changed since the backup' WHERE id <= 8");

  await page.getByRole("link", { name: "Database backup", exact: true }).click();
  await page.getByRole("link", { name: "Restore a backup" }).click();
  await expect(heading).toHaveText("Restore a backup");
  await page.getByLabel("Backup file").setInputFiles(file);
  // The upload begins by itself, and whoever looks inside meanwhile is not sent on.
  await page.getByRole("button", { name: "Show the tables" }).click();
  await page.getByRole("button", { name: "Show rows of e2e_parents" }).click();
  await expect(page.getByRole("grid", { name: "Rows of e2e_parents" })).toBeVisible();
  await expect(page.getByText("This backup is fine.")).toBeVisible();
  await expect(page.getByText("Uploaded", { exact: true })).toBeVisible();
  await expect(page.getByRole("grid", { name: "Rows of e2e_parents" })).toBeVisible();
  const sent = heard.get("Upload").map(Number);
  expect(sent).toEqual(sent.toSorted((a, b) => a - b));
  expect(sent.filter((percent) => percent > 0 && percent < 100).length).toBeGreaterThan(2);
  await page.getByRole("button", { name: "Go on" }).dblclick();
  await expectReady(page);
  const id = OPERATION.exec(page.url())?.[1] ?? "";

  await expect(page.getByText("The trial run succeeded", { exact: true })).toBeVisible();
  const changes = page.getByRole("list", { name: "Tables", exact: true }).getByRole("listitem");
  await expect(rowOf(changes, CHILDREN)).toContainText("8 change");
  await page.getByText("Table order", { exact: true }).click();
  const graph = page.getByRole("application", { name: "Table order as a graph" });
  const nodeOf = (table: string) => graph.locator(`[data-table="${table}"]`);
  await expect(nodeOf(PARENTS)).toBeVisible();
  await expect(nodeOf(CHILDREN)).toBeVisible();

  // Use the slowest connection for the part that polls.
  await connect("3G");
  await using hold = await holdRestore({ url: undefined, table: "e2e_children", row: "id = 50" });
  await page.getByLabel("Database name").fill(DATABASE);
  await page.getByRole("button", { name: "Restore", exact: true }).dblclick();
  await expect(page).toHaveURL(operationPath(id));
  await expect(tableProgress(page, PARENTS)).toContainText("Done");
  await expect(tableProgress(page, CHILDREN)).toContainText("Running");
  const overall = page.getByRole("progressbar", { name: "Overall progress" });
  expect(Number(await overall.getAttribute("aria-valuenow"))).toBeGreaterThan(50);
  await expect(nodeOf(PARENTS).locator("[data-fraction]")).toHaveAttribute("data-fraction", "1.00");

  await connect("none");
  await expect(page.getByText("You are offline")).toBeVisible();
  await hold.release();
  await expect
    .poll(async () => (await page.request.get(`${PANEL}/api/operations/${id}`)).json())
    .toMatchObject({ state: "succeeded" });
  // The page keeps what it showed last, and claims nothing that it cannot know.
  await expect(tableProgress(page, CHILDREN)).toContainText("Running");
  await connect("slow 4G");
  await expectRestored(page);
  await expect(page.getByText("You are offline")).toBeHidden();
  await expectDatabase(expected);

  await page.getByRole("link", { name: "Receipt", exact: true }).click();
  await expect(heading).toHaveText("Receipt of a restore");
  await page.getByRole("button", { name: "Undo this restore" }).click();
  await page.getByRole("button", { name: "Prepare the undo" }).dblclick();
  await expectReady(page);
  await expect(page.getByRole("link", { name: /^the restore of / })).toBeVisible();
  const undo = OPERATION.exec(page.url())?.[1] ?? "";
  await expect(page.getByText("The trial run succeeded", { exact: true })).toBeVisible();

  await page.goto(`${PANEL}/activity`, { waitUntil: "commit" });
  await expect(heading).toHaveText("Activity");
  const operations = page.getByRole("list", { name: "Operations", exact: true });
  await expect(operations.getByRole("link").first()).toHaveAttribute("href", operationPath(undo));
  await discard(page.request, undo);

  // Everything that was ever announced, even for a moment.
  expect(heard.get("alert")).toEqual([]);
  expect(heard.get("blank")).toEqual([]);
  for (const words of WAITING) {
    expect(heard.get("status")).toContainEqual(expect.stringContaining(words));
  }
  expect(asked).toEqual({
    backups: 1,
    uploads: 1,
    restores: 2,
    "restores/{id}/plan": 2,
    "restores/{id}/start": 1,
  });
});

test.afterEach(() => query("DROP TABLE IF EXISTS e2e_children, e2e_parents"));

/** Makes two tables that do not compress well. */
async function makeTables() {
  const noise = `(SELECT string_agg(md5(i || '-' || j), '') FROM generate_series(1, 32) AS j)`;
  await query(`
    CREATE TABLE e2e_parents (id int PRIMARY KEY, noise text NOT NULL);
    CREATE TABLE e2e_children (
      id int PRIMARY KEY, parent_id int NOT NULL REFERENCES e2e_parents, noise text NOT NULL);
    INSERT INTO e2e_parents SELECT i, ${noise} FROM generate_series(1, 500) AS i;
    INSERT INTO e2e_children SELECT i, i, ${noise} FROM generate_series(1, 100) AS i`);
}

async function throttle(page: Page) {
  const client = await page.context().newCDPSession(page);
  return (name: keyof typeof CONNECTIONS) =>
    client.send("Network.emulateNetworkConditions", { offline: false, ...CONNECTIONS[name] });
}

/** Counts the POST requests to the server, by address. */
function countPosts(page: Page): Record<string, number> {
  const counts: Record<string, number> = {};
  page.on("request", (request) => {
    if (request.method() !== "POST") return;
    const [, route = request.url()] = request.url().split(`${PANEL}/api/`);
    const address = route.replace(/[0-9a-f-]{36}/, "{id}");
    counts[address] = (counts[address] ?? 0) + 1;
  });
  return counts;
}

interface Heard {
  get(what: "alert" | "status" | "blank" | "Upload"): string[];
}

/**
 * Records what the page announces by itself (alerts and statuses, as a screen reader user hears them), each percentage
 * of the upload, and whether the page was ever blank.
 */
async function listen(page: Page): Promise<Heard> {
  const heard = new Map<string, string[]>();
  const get: Heard["get"] = (what) => heard.get(what) ?? [];
  await page.exposeFunction("e2eHear", (what: Parameters<typeof get>[0], text: string) => {
    if (get(what).at(-1) !== text) heard.set(what, [...get(what), text]);
  });
  await page.addInitScript(() => {
    const latest = new Map<Element | string, string>();
    const hear = (what: string, text = "", of: Element | string = what) => {
      if (text === "" || latest.get(of) === text) return;
      latest.set(of, text);
      window.e2eHear(what, text);
    };
    new MutationObserver(() => {
      for (const role of ["alert", "status"]) {
        for (const element of document.querySelectorAll(`[role=${role}]`)) {
          hear(role, element.textContent?.trim(), element);
        }
      }
      const upload = document.querySelector("[role=progressbar][aria-label=Upload]");
      hear("Upload", upload?.getAttribute("aria-valuenow") ?? "");
      if (document.readyState === "loading") return;
      if (document.querySelector(".pba")?.textContent?.trim() === "") hear("blank", location.href);
    }).observe(document, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ["aria-valuenow"],
    });
  });
  return { get };
}

declare global {
  interface Window {
    e2eHear: (what: string, text: string) => void;
  }
}
