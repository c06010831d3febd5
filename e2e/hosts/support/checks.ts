/** What must hold for every host that is built. */
import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "@playwright/test";
import { programOf } from "../../../scripts/run.ts";
import type { Host } from "./host.ts";
import { CommandError } from "./run.ts";

/** The declarations of these packages, and those that Next generates, contain errors. */
const FAULTY = /^(node_modules\/(next|next-auth|@auth\/core)|\.next)\//;

/**
 * Compiles with all declarations that the host reaches, also the add-on's and its dependencies'. It uses this
 * repository's compiler, which takes a tenth of the time. The host's own compiler has read them in its build.
 */
export async function expectTypesFit(host: Host) {
  const flags = ["--noEmit", "--incremental", "false", "--skipLibCheck", "false"];
  // Compilers newer than the host's have another default, with which its own CSS would need declarations.
  flags.push("--noUncheckedSideEffectImports", "false");
  const output = await host
    .run("node", programOf("typescript", "tsc"), ...flags)
    .catch((error: unknown) => {
      if (error instanceof CommandError) return error.output;
      throw error;
    });
  const errors = output.split("\n").filter((line) => /^\S+\(\d+,\d+\): error/.test(line));
  expect(errors.filter((line) => !FAULTY.test(line))).toEqual([]);
}

/** Texts that only server code contains, ours or that of its dependencies. */
const SERVER_ONLY = /pg-protocol|yauzl|yazl|pg_catalog|prisma_backup_admin|["'`]node:[a-z_/]+["'`]/;
/** Text that only the panel contains. */
const PANEL_ONLY = /Restore a backup/;

export async function expectNoServerCode({ folder }: Host) {
  const client = path.join(folder, ".next/static");
  const server = path.join(folder, ".next/server");
  expect(await filesWith(client, SERVER_ONLY)).toEqual([]);
  // Proves that the search finds what exists.
  expect(await filesWith(client, PANEL_ONLY)).not.toEqual([]);
  for (const part of [/pg_catalog/, /["'`]node:[a-z_/]+["'`]/, /prisma_backup_admin/]) {
    expect(await filesWith(server, part), String(part)).not.toEqual([]);
  }
}

async function filesWith(folder: string, pattern: RegExp): Promise<string[]> {
  const found: string[] = [];
  for await (const file of glob("**/*.{js,mjs,cjs,css,json,html,map,txt}", { cwd: folder })) {
    if (pattern.test(await readFile(path.join(folder, file), "utf8"))) found.push(file);
  }
  return found;
}
