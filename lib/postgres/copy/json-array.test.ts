import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { JsonArray, type UnrestorableRow } from "./json-array.ts";
import { batchRows } from "./load-rows.ts";

const LINES = [',{"a":"x"}', ',{"a":"é€😀"}', ',{"a":""}', ',{"a":"ü"}'];
const INVALID = [
  [0xff],
  [0xc3],
  [0xe2, 0x82],
  [0xf0, 0x9f, 0x98],
  [0x80],
  [0xed, 0xa0, 0x80],
  [0xc0, 0xaf],
];

/** Ends every line with a newline, and sends the bytes in pieces of `pieceBytes`. */
function through(lines: readonly Buffer[], pieceBytes: number, maxRowBytes?: number): JsonArray {
  const whole = Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));
  const pieces: Buffer[] = [];
  for (let at = 0; at < whole.length; at += pieceBytes)
    pieces.push(Buffer.from(whole.subarray(at, at + pieceBytes)));
  const array = new JsonArray({ onRows() {}, copiedRows: () => lines.length, maxRowBytes });
  return Readable.from(pieces).pipe(array);
}

const failure = (array: JsonArray): Promise<UnrestorableRow> =>
  buffer(array).then(
    () => Promise.reject(new Error("it passed")),
    (error: UnrestorableRow) => error,
  );

it.each([1, 2, 3, 4, 5, 7, 1000])(
  "takes characters that are cut, in pieces of %i",
  async (bytes) => {
    const rows = JSON.parse(
      (
        await buffer(
          through(
            LINES.map((it) => Buffer.from(it)),
            bytes,
          ),
        )
      ).toString(),
    );
    expect(rows).toEqual([{ a: "x" }, { a: "é€😀" }, { a: "" }, { a: "ü" }]);
  },
);

it.each(INVALID)(
  "names the row of bytes that are none of UTF-8, wherever it is cut: %j",
  async (...bad) => {
    for (const row of [1, 2, 3, 4])
      for (const pieceBytes of [1, 2, 3, 4, 5, 7, 13, 1000]) {
        const lines = LINES.map((line, index) =>
          index + 1 === row
            ? Buffer.concat([Buffer.from(line.slice(0, -2)), Buffer.from(bad), Buffer.from('"}')])
            : Buffer.from(line),
        );
        expect(await failure(through(lines, pieceBytes))).toMatchObject({ row, reason: "text" });
      }
  },
);

it("lets through a row of just the limit, which reading then takes, and none that is larger", async () => {
  const lineOf = (bytes: number) => Buffer.from(`,{"a":"${"x".repeat(bytes - 9)}"}`);
  for (const pieceBytes of [1, 10, 1000]) {
    const good = [lineOf(10), lineOf(100), lineOf(99)];
    const json = await buffer(through(good, pieceBytes, 100));
    let rows = 0;
    const chunks = Array.from({ length: Math.ceil(json.length / 10) }, (_, index) =>
      Buffer.from(json.subarray(10 * index, 10 * index + 10)),
    );
    for await (const batch of batchRows(Readable.from(chunks), 1, 100)) rows += batch.rows;
    expect(rows).toBe(3);
    const bad = [lineOf(10), lineOf(100), lineOf(101), lineOf(10)];
    expect(await failure(through(bad, pieceBytes, 100))).toMatchObject({ row: 3, reason: "size" });
  }
});
