import { describe, expect, test } from "vitest";
import { batchRows, type RowBatch, splitBatch } from "./load-rows.ts";

const ROWS = [{ id: 1 }, { id: 2, text: '],[\n"é😀' }, {}, { id: 4, text: "x".repeat(30) }];

/** Rows as an archive contains them. */
const layout = (rows: unknown[]): Buffer =>
  Buffer.from(
    rows.length === 0 ? "[\n]\n" : `[${rows.map((row) => `${JSON.stringify(row)}\n`).join(",")}]\n`,
  );

async function batches(chunks: Buffer[], batchBytes?: number): Promise<RowBatch[]> {
  // Copies, because batches are cut in place.
  const source = (async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk);
  })();
  const found: RowBatch[] = [];
  for await (const batch of batchRows(source, batchBytes)) found.push(batch);
  return found;
}

/** Checks that every batch is a JSON array of its own. */
const rowsOf = (found: RowBatch[]) =>
  found.flatMap(({ json, rows, firstRow }, index) => {
    const parsed: unknown[] = JSON.parse(json.toString());
    expect(parsed).toHaveLength(rows);
    const before = found.slice(0, index).reduce((sum, batch) => sum + batch.rows, 0);
    expect(firstRow).toBe(before + 1);
    return parsed;
  });

describe.for([0, 1, 2, 4].map((count) => ROWS.slice(0, count)))(
  "%#: rows of a table's text",
  (rows) => {
    const whole = layout(rows);

    test.for([1, 2, 3, 10, 40, 1e6])(
      "cut at every place, in batches of %i bytes",
      async (batchBytes) => {
        for (let at = 0; at <= whole.length; at++) {
          const found = await batches([whole.subarray(0, at), whole.subarray(at)], batchBytes);
          expect(rowsOf(found)).toEqual(rows);
        }
      },
    );

    test.for([1, 2, 3, 10, 40, 1e6])("byte by byte, in batches of %i bytes", async (batchBytes) => {
      const found = await batches(
        [...whole].map((byte) => Buffer.from([byte])),
        batchBytes,
      );
      expect(rowsOf(found)).toEqual(rows);
    });
  },
);

test("batches are about as large as asked for, and a row is never cut", async () => {
  const rows = Array.from({ length: 1000 }, (_, id) => ({ id, text: "y".repeat(id % 50) }));
  const whole = layout(rows);
  const chunks = Array.from({ length: Math.ceil(whole.length / 100) }, (_, i) =>
    whole.subarray(i * 100, i * 100 + 100),
  );
  const found = await batches(chunks, 1000);
  expect(rowsOf(found)).toEqual(rows);
  for (const { json } of found) expect(json.length).toBeLessThan(1200);
});

test.for([
  ["nothing at all", ""],
  ["only an end", "]\n"],
  ["no end", '[{"id":1}\n'],
  ["no line end after the end", '[{"id":1}\n]'],
  ["no beginning", '{"id":1}\n]\n'],
])("%s is an error, not a table with fewer rows", async ([, text = ""]) => {
  await expect(batches([Buffer.from(text)], 1)).rejects.toThrow();
});

test("some rows of a batch are a batch of their own", async () => {
  const [batch] = await batches([layout(ROWS)]);
  if (!batch) throw new Error("no batch");
  for (let start = 0; start < ROWS.length; start++) {
    for (let end = start + 1; end <= ROWS.length; end++) {
      expect(JSON.parse(splitBatch(batch, start, end).toString())).toEqual(ROWS.slice(start, end));
    }
  }
});
