import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { csvRecord } from "./csv.ts";

const exact = { forSpreadsheet: false };

/** What Python's csv module, which follows RFC 4180 strictly here, reads. */
function readByPython(csv: string): string[][] {
  const program =
    "import csv,json,sys,io;t=sys.stdin.buffer.read().decode('utf-8');" +
    "print(json.dumps(list(csv.reader(io.StringIO(t, newline=''), strict=True))))";
  return JSON.parse(execFileSync("python3", ["-c", program], { input: csv, encoding: "utf8" }));
}

it("is read by Python's csv module as it was written", () => {
  const nasty = fc.stringMatching(/^[ -~\r\n\t"',;=ä☂]{0,12}$/);
  const table = fc.array(
    fc.array(fc.oneof(nasty, fc.constant(null)), { minLength: 3, maxLength: 3 }),
    {
      minLength: 1,
      maxLength: 60,
    },
  );
  for (const rows of fc.sample(table, 10)) {
    const csv = rows.map((row) => csvRecord(row, exact)).join("");
    expect(readByPython(csv)).toEqual(rows.map((row) => row.map((value) => value ?? "")));
  }
}, 60_000);

it("tells NULL from an empty text, as COPY does", () => {
  expect(csvRecord([null, "", "a"], exact)).toBe(',"",a\r\n');
  expect(csvRecord([null], exact)).toBe('""\r\n');
});

it("leaves every text as it is, unless a spreadsheet is to open it", () => {
  const formulas = ["=1+1", "@SUM(A1)", "+cmd", "-2+3", "\ttab"];
  expect(csvRecord(formulas, exact)).toBe('=1+1,@SUM(A1),+cmd,-2+3,"\ttab"\r\n');
  const safe = csvRecord([...formulas, "-12.50", "+4", "a=b"], { forSpreadsheet: true });
  expect(safe).toBe("'=1+1,'@SUM(A1),'+cmd,'-2+3,'\ttab,-12.50,+4,a=b\r\n");
});
