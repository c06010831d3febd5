/**
 * Archives with a random bit flipped, or cut off at a random length. For a thousand times as many cases:
 * HOSTILE_CASES=2000000. A failure prints fast-check's seed.
 */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Unlock } from "../shared/api.ts";
import {
  cheapPassphraseKey,
  codeOf,
  overwrite,
  PASSPHRASE,
  shell,
  temporaryFolder,
  writeFolder,
} from "../testing/archives.ts";
import { createScene, judge, SMALL_TABLES } from "../testing/hostile-archives.ts";
import { SCOPE } from "../testing/scope.ts";
import { contentRegion, type Region, regionsOf } from "../testing/zip-regions.ts";
import { unlockKeyFile } from "./encryption.ts";

const CASES = SCOPE.hostileCases;

const MODES = ["none", "recipients", "passphrase"] as const;

const flipped = (content: Buffer, bit: number): Buffer => {
  const changed = Buffer.from(content);
  changed[bit >>> 3] = (changed[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
};

/** Results by the region that was hit, for the person who reads the report. */
const report: string[] = [];
afterAll(() => console.info(report.join("\n")));

function counter(what: string) {
  const counts = new Map<string, number>();
  return {
    add: (outcome: string) => counts.set(outcome, (counts.get(outcome) ?? 0) + 1),
    outcomes: () => [...counts.keys()],
    report: () =>
      report.push(`${what}: ${[...counts].map(([name, count]) => `${count} ${name}`).join(", ")}`),
  };
}

/** Allowed results of a flipped bit in a zip. If an archive is accepted, all rows and the manifest must be unharmed. */
const AFTER_FLIP: Record<Region, readonly string[]> = {
  README: ["ARCHIVE_INVALID"],
  // These were opened with the private key. For the passphrase, see below.
  key: ["ARCHIVE_INVALID"],
  // Times, versions and similar fields do no harm.
  "local header": ["accepted", "ARCHIVE_INVALID"],
  directory: ["accepted", "ARCHIVE_INVALID"],
  end: ["accepted", "ARCHIVE_INVALID", "ARCHIVE_TRUNCATED"],
  descriptor: ["ARCHIVE_INVALID"],
  manifest: ["ARCHIVE_INVALID"],
  table: ["ARCHIVE_INVALID", "DIGEST_MISMATCH"],
};

/** Number of concurrent cases, because each mostly waits for the file system. */
const SLOTS = 8;

/** Runs one case per value, in concurrent slots. */
async function forAll<Value>(
  cases: number,
  values: fc.Arbitrary<Value>,
  run: (value: Value, slot: number) => Promise<void>,
): Promise<void> {
  const together = fc.array(values, { minLength: SLOTS, maxLength: SLOTS });
  await fc.assert(
    fc.asyncProperty(fc.noBias(together), async (them) => {
      await Promise.all(them.map(run));
    }),
    { numRuns: Math.ceil(cases / SLOTS) },
  );
}

describe.each(MODES)("a zip of mode %s", (mode) => {
  it(`with a bit flipped, ${CASES} times`, async () => {
    const scene = await createScene(mode);
    const whole = readFileSync(scene.path);
    const regionOf = regionsOf(whole);
    const folder = await temporaryFolder();
    const count = counter(`${mode}, zip, bits`);
    const hit = new Set<Region>();
    await forAll(CASES, fc.nat(whole.length * 8 - 1), async (bit, slot) => {
      const path = join(folder, `${slot}.zip`);
      overwrite(path, flipped(whole, bit));
      const { outcome, manifest } = await judge(path, scene.unlock);
      const region = regionOf(bit >>> 3);
      count.add(outcome);
      hit.add(region);
      const allowed = AFTER_FLIP[region];
      // Deflated content may end with unused bits. If the archive is accepted, its contents are compared.
      const isDeflated = mode === "none" && (region === "table" || region === "manifest");
      expect(isDeflated ? [...allowed, "accepted"] : allowed, region).toContain(outcome);
      if (manifest) expect(manifest).toEqual(scene.manifest);
    });
    count.report();
    // The end record is so short that no case may have hit it.
    hit.add("end");
    expect(hit.size).toBe(mode === "passphrase" ? 8 : 7);
    expect(count.outcomes()).toEqual(
      expect.arrayContaining(["accepted", "ARCHIVE_INVALID", "DIGEST_MISMATCH"]),
    );
  });

  it(`cut off, ${CASES / 2} times`, async () => {
    const scene = await createScene(mode);
    const whole = readFileSync(scene.path);
    const folder = await temporaryFolder();
    const count = counter(`${mode}, zip, lengths`);
    await forAll(CASES / 2, fc.nat(whole.length - 1), async (length, slot) => {
      const path = join(folder, `${slot}.zip`);
      overwrite(path, whole.subarray(0, length));
      const { outcome } = await judge(path, scene.unlock);
      count.add(outcome);
      // Shorter than a zip's first signature, it cannot be distinguished from any other file.
      expect(outcome).toBe(length < 4 ? "ARCHIVE_INVALID" : "ARCHIVE_TRUNCATED");
    });
    count.report();
  });
});

/** A zip contains a checksum of its manifest, a folder does not. */
const AFTER_FLIP_IN_FOLDER: Record<"none" | "encrypted", Partial<Record<Region, string[]>>> = {
  none: {
    README: ["DIGEST_MISMATCH"],
    manifest: ["accepted", "ARCHIVE_INVALID", "DIGEST_MISMATCH", "FORMAT_UNSUPPORTED"],
    table: ["DIGEST_MISMATCH"],
  },
  encrypted: {
    README: ["DIGEST_MISMATCH"],
    key: ["DIGEST_MISMATCH"],
    // In age's header, which contains the recipient.
    manifest: ["ARCHIVE_INVALID", "NO_MATCHING_IDENTITY"],
    table: ["ARCHIVE_INVALID", "DIGEST_MISMATCH", "NO_MATCHING_IDENTITY"],
  },
};

describe.each(MODES)("a folder of mode %s", (mode) => {
  async function createFolders() {
    const scene = await createScene(mode);
    const home = await temporaryFolder();
    const folders = Array.from({ length: SLOTS }, (_, slot) => join(home, String(slot)));
    const [first = ""] = folders;
    await writeFolder(first, scene.key, SMALL_TABLES);
    for (const folder of folders.slice(1)) cpSync(first, folder, { recursive: true });
    const files = (await shell("find . -type f -printf '%P\\n'", first)).trim().split("\n").sort();
    return { unlock: scene.unlock, folders, files };
  }

  /** Opens a folder while one of its files has other content. */
  async function judgeChanged(
    path: string,
    change: (whole: Buffer) => Buffer,
    folder: string,
    unlock: Unlock,
  ) {
    const whole = readFileSync(path);
    try {
      overwrite(path, change(whole));
      return (await judge(folder, unlock)).outcome;
    } finally {
      overwrite(path, whole);
    }
  }

  it(`with a bit flipped in a file, ${CASES / 8} times`, async () => {
    const { unlock, folders, files } = await createFolders();
    const count = counter(`${mode}, folder, bits`);
    const allowed = AFTER_FLIP_IN_FOLDER[mode === "none" ? "none" : "encrypted"];
    const values = fc.tuple(fc.constantFrom(...files), fc.nat());
    await forAll(CASES / 8, values, async ([name, random], slot) => {
      const folder = folders[slot] ?? "";
      const flip = (whole: Buffer) => flipped(whole, random % (whole.length * 8));
      const outcome = await judgeChanged(join(folder, name), flip, folder, unlock);
      count.add(outcome);
      expect(allowed[contentRegion(name)], name).toContain(outcome);
    });
    count.report();
  });

  it(`with a file cut off, ${CASES / 16} times`, async () => {
    const { unlock, folders, files } = await createFolders();
    const count = counter(`${mode}, folder, lengths`);
    const needed = files.filter((name) => !["README", "key"].includes(contentRegion(name)));
    const values = fc.tuple(fc.constantFrom(...needed), fc.nat());
    await forAll(CASES / 16, values, async ([name, random], slot) => {
      const folder = folders[slot] ?? "";
      // Without its last line end, a manifest says the same.
      const needless = name === "manifest.json" ? 1 : 0;
      const cut = (whole: Buffer) => whole.subarray(0, random % (whole.length - needless));
      const outcome = await judgeChanged(join(folder, name), cut, folder, unlock);
      count.add(outcome);
      expect(["ARCHIVE_INVALID", "ARCHIVE_TRUNCATED"]).toContain(outcome);
    });
    count.report();
  });
});

it("a key with a bit flipped never opens by its passphrase", async () => {
  const { identity, keyFile } = await cheapPassphraseKey();
  const key = Buffer.from(keyFile, "base64");
  const open = (content: Buffer) => unlockKeyFile(content, PASSPHRASE);
  expect(await open(key)).toBe(identity);
  const count = counter("key.age, bits");
  const cases = Math.ceil(CASES / 40);
  await forAll(cases, fc.nat(key.length * 8 - 1), async (bit) => {
    const outcome = await codeOf(open(flipped(key, bit)));
    count.add(outcome);
    // A changed salt or wrapped key looks the same as another passphrase.
    expect(["ARCHIVE_INVALID", "ARCHIVE_TRUNCATED", "WRONG_PASSPHRASE"]).toContain(outcome);
  });
  count.report();
});
