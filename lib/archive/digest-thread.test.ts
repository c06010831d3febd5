import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { hasDigestThread, openHash, withDigestThread } from "./digest-thread.ts";

const MUCH = 1e9;
const ABC = createHash("sha256").update("abc").digest("hex");

const countThreads = () =>
  process.getActiveResourcesInfo().filter((it) => it === "MessagePort").length;
const before = countThreads();

/** Threads that are on their way to their end are not counted as resources any more once they have exited. */
async function threadsLeft(): Promise<number> {
  for (let i = 0; i < 100; i++) {
    if (countThreads() === before) return 0;
    await setTimeout(20);
  }
  return countThreads() - before;
}

test("many pieces of several digests are taken in their order, whatever becomes of them afterwards", async () => {
  await withDigestThread(MUCH, async () => {
    expect(hasDigestThread()).toBe(true);
    const [one, other] = [openHash(), openHash()];
    const [ofOne, ofOther] = [createHash("sha256"), createHash("sha256")];
    const piece = Buffer.alloc(700_000);
    const answers = Array.from({ length: 30 }, (_, i) => {
      // Also pieces that are smaller than those before them, in the same memory.
      const bytes = piece.subarray(0, piece.length - i * 20_000).fill(i);
      ofOne.update(bytes);
      ofOther.update(bytes.subarray(5));
      return [one.update(bytes), other.update(bytes.subarray(5))];
    });
    await Promise.all(answers.flat());
    expect(await one.digest()).toBe(ofOne.digest("hex"));
    expect(await other.digest()).toBe(ofOther.digest("hex"));
    one.close();
    other.close();
  });
  expect(hasDigestThread()).toBe(false);
  expect(await threadsLeft()).toBe(0);
});

test("nothing has a digest, too", async () => {
  await withDigestThread(MUCH, async () => {
    const hash = openHash();
    expect(await hash.digest()).toBe(createHash("sha256").digest("hex"));
    hash.close();
  });
});

test("a digest that is still open outlives the work that the thread was for", async () => {
  const hash = await withDigestThread(MUCH, async () => openHash());
  await hash.update(Buffer.from("abc"));
  expect(await hash.digest()).toBe(ABC);
  expect(countThreads()).toBeGreaterThan(before);
  hash.close();
  expect(await threadsLeft()).toBe(0);
});

test("one that is given up half-way keeps no thread", async () => {
  await withDigestThread(MUCH, async () => {
    const hash = openHash();
    await hash.update(Buffer.from("abc"));
    hash.close();
  });
  expect(await threadsLeft()).toBe(0);
});

test("two at a time share a thread, and the first to end leaves it to the other", async () => {
  const first = Promise.withResolvers<void>();
  const both = [
    withDigestThread(MUCH, () => first.promise),
    withDigestThread(MUCH, async () => {
      expect(countThreads()).toBe(before + 1);
      first.resolve();
      await both[0];
      const hash = openHash();
      await hash.update(Buffer.from("abc"));
      expect(await hash.digest()).toBe(ABC);
      hash.close();
    }),
  ];
  await Promise.all(both);
  expect(await threadsLeft()).toBe(0);
});

test("an error of the work ends the thread as well; for little work there is none", async () => {
  const failing = withDigestThread(MUCH, () => Promise.reject(new Error("given up")));
  await expect(failing).rejects.toThrow("given up");
  await withDigestThread(1000, async () => {
    expect(hasDigestThread()).toBe(false);
    const hash = openHash();
    await hash.update(Buffer.from("abc"));
    expect(await hash.digest()).toBe(ABC);
    hash.close();
  });
  expect(await threadsLeft()).toBe(0);
});
