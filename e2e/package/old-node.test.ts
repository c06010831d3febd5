/** What the package reports if Node.js is too old for it. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, inject, onTestFinished, test } from "vitest";
import { installNode } from "../hosts/support/package-manager.ts";

const run = promisify(execFile);
const NEEDED = /prisma-backup-admin needs Node\.js 22\.15 or newer, and this is 18\.20\.8\./;
const CLASSES = `
  import { createBackupAdmin, PrismaBackup, PrismaRestore } from "prisma-backup-admin";
  for (const make of [createBackupAdmin, () => new PrismaBackup(), () => new PrismaRestore()]) {
    try { make({}); console.log("made"); } catch (error) { console.log(error.code, error.message); }
  }`;

test("every command and class says first which one is needed", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "old-node-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const node = path.join(await installNode("18.20.8", folder), "node");
  const installed = path.join(inject("project"), "node_modules/prisma-backup-admin");
  const command = path.join(installed, "dist/lib/cli/bin.js");

  const words = ["init", "doctor", "create", "inspect", "verify", "restore", "order"];
  for (const word of [...words, "--help", "--version", "help", "no-command"]) {
    const failed = run(node, [command, word]);
    await expect(failed, word).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(NEEDED),
    });
  }

  const script = path.join(inject("project"), "old-node.mjs");
  onTestFinished(() => rm(script, { force: true }));
  await writeFile(script, CLASSES);
  const { stdout } = await run(node, [script]);
  const said = stdout.trim().split("\n");
  expect(said).toHaveLength(3);
  for (const line of said) expect(line).toMatch(NEEDED);
});
