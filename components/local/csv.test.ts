import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { csvRecord } from "./csv.ts";

const exact = { forSpreadsheet: false };

/** Parses CSV with Python's csv module, which follows RFC 4180 in strict mode. */
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
  expect(safe).toBe("'=1+1,'@SUM(A1),'+cmd,'-2+3,\"'\ttab\",-12.50,+4,a=b\r\n");
});

const UNSEEN = /^[\s\p{Cc}\p{Cf}\p{Z}"]*/u;
/**
 * Whether the cell begins like a formula, after invisible characters, according to OWASP's list:
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
const isDangerous = (cell: string): boolean =>
  /^[=+\-@＝＋－＠]/u.test(cell.replace(UNSEEN, "")) && !/^[+-]?\d+(\.\d+)?$/.test(cell);

/** Parses each text with Python, with another separator and not in strict mode, like spreadsheets. */
function cellsByPython(texts: string[], delimiter: string): string[][] {
  const program =
    "import csv,json,sys,io;ts=json.load(sys.stdin);" +
    "print(json.dumps([sum(csv.reader(io.StringIO(t, newline=''), delimiter=sys.argv[1]), []) for t in ts]))";
  const input = JSON.stringify(texts);
  return JSON.parse(
    execFileSync("python3", ["-c", program, delimiter], { input, encoding: "utf8" }),
  );
}

const HOSTILE = [
  "=1+1",
  "  =1+1",
  "\u00a0=1+1",
  "\u200b=1+1",
  "\ufeff=1+1",
  "\u0001=1+1",
  "\u00ad\u2060=1+1",
  "＝1+1",
  "＋1",
  "－1+1",
  "＠SUM(A1)",
  "\n=1+1",
  "\r=1+1",
  "\t=1+1",
  "a;=1+1",
  "a;  @SUM(A1)",
  "a\t=1+1",
  "a|=1+1",
  "a\n=1+1",
  "a\r\n+1+1",
  "a\r-1+1",
  'a";=1+1',
  'a;"=1+1"',
  '"=1+1',
  "a;\u200b＝1+1",
  "a;-2+3+cmd|' /C calc'!A0",
];

it.each([",", ";", "\t", "|"])(
  "gives a spreadsheet that separates by %j no formula",
  (delimiter) => {
    const values = fc.array(
      fc.oneof(
        fc.constantFrom(...HOSTILE),
        fc.stringMatching(/^[=+@;|\t\r\n\u200b＝ "'a1,-]{0,8}$/u),
      ),
      { minLength: 1, maxLength: 5 },
    );
    const records = [HOSTILE, HOSTILE.toReversed(), ...fc.sample(values, 3000)];
    const texts = records.map((record) => csvRecord(record, { forSpreadsheet: true }));
    for (const [at, cells] of cellsByPython([...texts, texts.join("")], delimiter).entries()) {
      expect(cells.filter(isDangerous), JSON.stringify(records[at])).toEqual([]);
    }
  },
);

it("lets no number begin a formula that the next field goes on with", () => {
  const csv = csvRecord(["-1", "2+cmd|' /C calc'!A0", "-3"], { forSpreadsheet: true });
  expect(cellsByPython([csv], ";").flat().filter(isDangerous)).toEqual([]);
  expect(cellsByPython([csv], ",").flat()).toEqual(["'-1", "2+cmd|' /C calc'!A0", "-3"]);
});

it("leaves text and numbers in which nothing is a formula as they are, also for a spreadsheet", () => {
  const values = ["Call me, +49 30", "a - b", "x=1", "2026-11-30", "me@example.org", "-1.5", "; ;"];
  const csv = csvRecord(values, { forSpreadsheet: true });
  expect(readByPython(csv)).toEqual([values]);
});
