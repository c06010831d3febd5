import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { makeHost, PLAIN } from "../../testing/host-files.ts";
import { diffLines, isSameText } from "./diff.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Runs the command in a host's root, with pipes instead of a terminal. */
function init(cwd: string, ...args: string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, "init", ...args],
      { cwd },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

const CONFIG = "app/admin/backup/backup-admin.ts";
const PAGE = "app/admin/backup/[[...view]]/page.tsx";

test("shows, writes once, and never again", async () => {
  const root = await makeHost(PLAIN);
  const read = (name: string) => readFile(path.join(root, name), "utf8").catch(() => null);

  const shown = await init(root);
  expect(shown).toMatchObject({
    code: 2,
    stderr: "Nothing was written. Give --yes to write these 3 files.\n",
  });
  expect(shown.stdout).toContain(`new file: ${CONFIG}\n+ import { createBackupAdmin }`);
  const dry = await init(root, "--dry-run");
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("--dry-run") });
  expect(await read(CONFIG)).toBeNull();

  const written = await init(root, "--yes");
  expect(written).toMatchObject({ code: 0, stderr: "" });
  expect(written.stdout).toMatch(
    /Written: 3 files\.\n\nWhat to do next:\n {2}1\. Install the package: npm install/,
  );
  const config = await read(CONFIG);
  expect(shown.stdout).toContain(
    (config ?? "").trimEnd().replaceAll(/^/gm, "+ ").replaceAll(/ +$/gm, ""),
  );
  expect(await read(PAGE)).toContain(`import "prisma-backup-admin/styles.css";`);

  const again = await init(root, "--yes");
  expect(again.stdout.match(/^already there: /gm)).toHaveLength(3);
  expect(again.stdout).toContain("There is nothing to write.");

  await writeFile(path.join(root, CONFIG), `// mine\n${config}`);
  const differing = await init(root, "--yes");
  expect(differing).toMatchObject({ code: 0 });
  expect(differing.stdout).toContain(`left as it is: ${CONFIG}`);
  expect(differing.stdout).toContain("- // mine\n");
  expect(await read(CONFIG)).toBe(`// mine\n${config}`);
});

test("another place, styles that are there already, and what cannot be", async () => {
  const root = await makeHost({
    ...PLAIN,
    "app/globals.css": `@import "prisma-backup-admin/styles.css";`,
  });
  expect(await init(root, "--yes", "--mount", "/db")).toMatchObject({ code: 0 });
  expect(await readFile(path.join(root, "app/db/[[...view]]/page.tsx"), "utf8")).not.toContain(
    "styles.css",
  );

  expect(await init(root, "--mount", "db")).toMatchObject({ code: 2 });
  expect(await init(root, "--mount", "/../db")).toMatchObject({ code: 2 });
  expect(await init(path.join(root, "app"))).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^error\[CONFIG_INVALID\]: There is no package\.json in .*\nhint: /,
    ),
  });
});

test("a diff tells what goes and what comes", () => {
  expect(diffLines("a\nb\nc\n", "a\nc\nd\n")).toEqual(["  a", "- b", "  c", "+ d"]);
  expect(diffLines(null, "a\n\nb\n")).toEqual(["+ a", "+", "+ b"]);
  expect(isSameText("a\r\nb\r\n", "a\nb")).toBe(true);
  expect(isSameText("a\nb", "a\n b")).toBe(false);
});
