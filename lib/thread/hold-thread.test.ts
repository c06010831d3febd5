import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { SHA256 } from "../archive/digest.ts";
import { COPY_TO_JSON } from "../postgres/copy-to-json.ts";
import { JSON_TO_COPY } from "../postgres/json-to-copy.ts";
import { threadFor, withThread } from "./hold-thread.ts";
import { openInPlace, openStage, type StageKind } from "./stage.ts";

const MUCH = 1e9;
const KINDS = [SHA256, COPY_TO_JSON, JSON_TO_COPY] as ReadonlyArray<StageKind<unknown>>;

/** Threads that are on their way to their end are not counted as resources any more once they have exited. */
async function threadsLeft(): Promise<number> {
  for (let i = 0; i < 100; i++) {
    const count = process.getActiveResourcesInfo().filter((it) => it === "MessagePort").length;
    if (count === before) return 0;
    await setTimeout(20);
  }
  return 1;
}
const before = process.getActiveResourcesInfo().filter((it) => it === "MessagePort").length;

async function run<Options>(kind: StageKind<Options>, open: typeof openStage, pieceBytes: number) {
  const stage = open(kind, kind.sample.options);
  const bytes = Buffer.from(kind.sample.input);
  const made: string[] = [];
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const output = await stage.push([bytes.subarray(at, at + pieceBytes)]);
      made.push(output?.toString() ?? "");
    }
    return `${made.join("")} ${await stage.end()}`;
  } finally {
    stage.close();
  }
}

test.each([
  ["a digest", SHA256, 1],
  ["COPY's text as JSON", COPY_TO_JSON, 3],
  ["JSON as COPY's text", JSON_TO_COPY, 1e6],
])("a thread does the same as this one: %s", async (_, kind, pieceBytes) => {
  const any = kind as StageKind<unknown>;
  const inPlace = await run(any, openInPlace, pieceBytes);
  await withThread(KINDS, MUCH, async () => {
    expect(threadFor(any)).not.toBeNull();
    expect(await run(any, openStage, pieceBytes)).toBe(inPlace);
  });
  expect(threadFor(any)).toBeNull();
  expect(await threadsLeft()).toBe(0);
});

test("many pieces are answered in their order, whatever becomes of them afterwards", async () => {
  await withThread([SHA256] as typeof KINDS, MUCH, async () => {
    const stage = openStage(SHA256, undefined);
    const expected = createHash("sha256");
    const piece = Buffer.alloc(700_000);
    const answers = Array.from({ length: 30 }, (_, i) => {
      piece.fill(i);
      expected.update(piece);
      return stage.push([piece.subarray(0, 5), piece.subarray(5)]);
    });
    await Promise.all(answers);
    expect(await stage.end()).toBe(expected.digest("hex"));
    stage.close();
  });
});

test("a stage that is still open outlives the work that the thread was for", async () => {
  const stage = await withThread([SHA256] as typeof KINDS, MUCH, async () =>
    openStage(SHA256, undefined),
  );
  await stage.push([Buffer.from("abc")]);
  expect(await stage.end()).toBe(createHash("sha256").update("abc").digest("hex"));
  stage.close();
  expect(await threadsLeft()).toBe(0);
});

test("what a stage finds wrong is its error, and the thread goes on", async () => {
  await withThread([COPY_TO_JSON] as typeof KINDS, MUCH, async () => {
    const { options } = COPY_TO_JSON.sample;
    const wrong = openStage(COPY_TO_JSON, options);
    await expect(wrong.push([Buffer.from("too\tfew\n")])).rejects.toThrow("COPY sent a row");
    wrong.close();
    expect(await run(COPY_TO_JSON, openStage, 7)).toContain('"boolean":false}');
  });
});

test("a thread that does not do the same is not used", async () => {
  const outside = "here only";
  const broken: StageKind<null> = {
    make: () => ({ push: () => new Uint8Array(Buffer.from(outside)), end: () => null }),
    sample: { options: null, input: "" },
  };
  await withThread([broken] as typeof KINDS, MUCH, async () => {
    expect(threadFor(broken as StageKind<unknown>)).toBeNull();
    expect(await run(broken, openStage, 1)).toBe(" null");
  });
});

test("an error of the work ends the thread as well; for little work there is none", async () => {
  const failing = withThread(KINDS, MUCH, () => Promise.reject(new Error("given up")));
  await expect(failing).rejects.toThrow("given up");
  await withThread(KINDS, 1000, async () => expect(threadFor(KINDS[0] as never)).toBeNull());
  expect(await threadsLeft()).toBe(0);
});
