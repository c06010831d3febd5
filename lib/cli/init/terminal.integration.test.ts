/** The question of `init`, on a terminal that `script` makes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { requireTool } from "../../../scripts/testing/database.ts";
import { makeHost, PLAIN } from "../host/testing.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

test.skipIf(!requireTool("script")).each([
  ["y", "y\r", 0, "Written: 3 files."],
  ["yes", "YES\r", 0, "Written: 3 files."],
  ["n", "n\r", 2, "Nothing was written."],
  ["nothing", "\r", 2, "Nothing was written."],
  ["another word", "yellow\r", 2, "Nothing was written."],
  ["Ctrl-C", "\x03", 2, "Nothing was written."],
  ["Ctrl-D", "\x04", 2, "Nothing was written."],
] as const)("asks, and is answered by %s", { timeout: 60_000 }, async (_, keys, code, said) => {
  const root = await makeHost(PLAIN);
  const command = `'${process.execPath}' '${MAIN}' init`;
  const child = spawn("script", ["-qec", command, "/dev/null"], { cwd: root });
  let shown = "";
  let isAnswered = false;
  child.stdout.on("data", (chunk: Buffer) => {
    shown += chunk;
    if (isAnswered || !shown.includes("Write these 3 files? [y/N]")) return;
    isAnswered = true;
    child.stdin.write(keys);
  });
  const [ended] = await once(child, "close");
  expect(shown).toContain(said);
  expect(ended).toBe(code);
  expect(isAnswered).toBe(true);
  const isWritten = await access(path.join(root, "app/admin/backup/backup-admin.ts")).then(
    () => true,
    () => false,
  );
  expect(isWritten).toBe(code === 0);
});
