import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { createBackupAdmin } from "./http/create-backup-admin.ts";
import { PrismaBackup } from "./public-api.ts";
import { requireNode } from "./require-node.ts";

const BIN = fileURLToPath(new URL("./cli/bin.ts", import.meta.url));
const PACKAGE = new URL("../package.json", import.meta.url);

it.each(["20.20.2", "22.14.9", "18.0.0"])("refuses %s", (version) => {
  expect(() => requireNode(version)).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(version) }),
  );
});

it("takes what package.json asks for, and newer", async () => {
  const { engines } = JSON.parse(await readFile(PACKAGE, "utf8"));
  for (const version of [`${engines.node.replace(">=", "")}.0`, "22.20.1", "24.0.0", "100.1.0"])
    expect(() => requireNode(version)).not.toThrow();
});

it("is asked first, by the command, the page and the classes", async () => {
  const version = Object.getOwnPropertyDescriptor(process.versions, "node") as PropertyDescriptor;
  Object.defineProperty(process.versions, "node", { ...version, value: "20.20.2" });
  try {
    const old = expect.objectContaining({ message: expect.stringContaining("20.20.2") });
    expect(() => createBackupAdmin({} as never)).toThrow(old);
    expect(() => new PrismaBackup({} as never, {} as never)).toThrow(old);
  } finally {
    Object.defineProperty(process.versions, "node", version);
  }
  const pretend = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })";
  const failed = promisify(execFile)(process.execPath, [
    ...["--import", `data:text/javascript,${encodeURIComponent(pretend)}`, BIN, "--help"],
  ]);
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error\[CONFIG_INVALID\]: .*22\.15.*20\.20\.2/),
  });
});
