/** The questions of `init` on a terminal that `script` emulates. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { requireTool } from "../../testing/database.ts";
import { CLIENT, makeHost, PLAIN, usesClient } from "../../testing/host-files.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Answers each question in turn. @returns the terminal's output, the exit code and the written files */
async function run(answers: Array<[question: string, keys: string]>, ...args: string[]) {
  const root = await makeHost({
    ...PLAIN,
    "lib/reports.ts": CLIENT.replace("prisma =", "reports ="),
    "lib/sums.ts": usesClient("./reports", "{ reports }", "reports.sum"),
    "lib/more.ts": usesClient("./prisma"),
  });
  const command = ["", process.execPath, MAIN, "init", ...args].join("' '").slice(2);
  const child = spawn("script", ["-qec", `${command}'`, "/dev/null"], { cwd: root });
  let shown = "";
  let from = 0;
  let answered = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    shown += chunk;
    // One chunk of output may contain several questions.
    for (;;) {
      const [question, keys] = answers[answered] ?? [];
      const at = question === undefined ? -1 : shown.indexOf(question, from);
      if (question === undefined || keys === undefined || at === -1) return;
      from = at + question.length;
      answered++;
      child.stdin.write(keys);
    }
  });
  const [code] = await once(child, "close");
  expect(answered, shown).toBe(answers.length);
  const file = path.join(root, "app/admin/backup/backup-admin.ts");
  return { shown, code, written: await readFile(file, "utf8").catch(() => null) };
}

const CLIENT_QUESTION = "Prisma client [1]:";
const WRITE_QUESTION = "Write these 3 files? [y/N]";
const terminal = test.skipIf(!requireTool("script"));

terminal.each([
  ["y", "y\r", 0, "Written: 3 files."],
  ["yes", "YES\r", 0, "Written: 3 files."],
  ["n", "n\r", 2, "Nothing was written."],
  ["nothing", "\r", 2, "Nothing was written."],
  ["another word", "yellow\r", 2, "Nothing was written."],
  ["Ctrl-C", "\x03", 2, "Nothing was written."],
  ["Ctrl-D", "\x04", 2, "Nothing was written."],
] as const)("asks, and is answered by %s", async (_, keys, code, said) => {
  const ended = await run([
    [CLIENT_QUESTION, "\r"],
    [WRITE_QUESTION, keys],
  ]);
  expect(ended.shown).toContain(said);
  expect(ended.code).toBe(code);
  expect(ended.written !== null).toBe(code === 0);
  if (code === 0) expect(ended.written).toContain(`import { prisma } from "@/lib/prisma";`);
});

terminal("lists the clients, and takes another one by its number", async () => {
  const { shown, written } = await run([
    [CLIENT_QUESTION, "2\r"],
    [WRITE_QUESTION, "y\r"],
  ]);
  expect(shown).toContain("1. lib/prisma.ts#prisma (imported by 2 modules)");
  expect(shown).toContain("2. lib/reports.ts#reports (imported by 1 module)");
  expect(written).toContain(`import { reports } from "@/lib/reports";`);
});

terminal("asks again where the answer is none, and takes what is typed", async () => {
  const { shown, written } = await run([
    [CLIENT_QUESTION, "./lib/nothing#x\r"],
    ["There is no module ./lib/nothing here.", ""],
    [CLIENT_QUESTION, "@/lib/reports#reports\r"],
    [WRITE_QUESTION, "y\r"],
  ]);
  expect(shown).not.toContain("Usage:");
  expect(written).toContain(`import { reports } from "@/lib/reports";`);
});

terminal("asks nothing that was said", async () => {
  const given = await run([[WRITE_QUESTION, "y\r"]], "--client", "lib/reports#reports");
  expect(given.shown).not.toContain(CLIENT_QUESTION);
  expect(given.written).toContain("prisma: reports,");
  expect((await run([], "--yes")).written).toContain(`import { prisma } from "@/lib/prisma";`);
  expect(await run([[CLIENT_QUESTION, "\x03"]])).toMatchObject({ code: 2, written: null });
});
