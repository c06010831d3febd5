import type { BackupError } from "../../errors.ts";
import { tableLabel } from "../../shared/table-name.ts";
import { invalidArchive } from "../archive-error.ts";
import { convertValue, UnfitValue } from "./convert-value.ts";
import type { MatchedColumn } from "./match-columns.ts";
import type { TablePlan } from "./original-manifest.ts";
import { withoutInherited } from "./own-rows.ts";
import type { Row } from "./parse-row.ts";
import { parseFileRow, type ScannedFile } from "./scan-file.ts";

/** A file's rows, cut but not parsed. */
export type FileRows = (file: ScannedFile) => AsyncIterable<Buffer>;

const CHUNK_BYTES = 256 * 1024;
const [NEWLINE, RETURN, SPACE] = [0x0a, 0x0d, 0x20];

/** A table's JSON array in format 1's layout, one row a line; with format 1's values where the plan has columns. */
export async function* readPlannedTable(plan: TablePlan, open: FileRows): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let isEmpty = true;
  for await (const line of plan.columns
    ? convertedRows(plan, plan.columns, open)
    : plainRows(plan, open)) {
    const row = Buffer.from(isEmpty ? "[" : ",");
    isEmpty = false;
    chunks.push(row, line, Buffer.from("\n"));
    bytes += line.length + 2;
    if (bytes < CHUNK_BYTES) continue;
    yield Buffer.concat(chunks);
    chunks = [];
    bytes = 0;
  }
  yield Buffer.concat([...chunks, Buffer.from(isEmpty ? "[\n]\n" : "]\n")]);
}

/** As they are, but for line ends in files that somebody formatted: outside of strings, where JSON allows none. */
async function* plainRows({ files }: TablePlan, open: FileRows): AsyncGenerator<Buffer> {
  for (const file of files) {
    for await (const row of open(file)) {
      yield row.includes(NEWLINE) || row.includes(RETURN)
        ? Buffer.from(row.map((byte) => (byte === NEWLINE || byte === RETURN ? SPACE : byte)))
        : row;
    }
  }
}

async function* convertedRows(
  plan: TablePlan,
  columns: MatchedColumn[],
  open: FileRows,
): AsyncGenerator<Buffer> {
  const names = columns.map(({ column }) => JSON.stringify(column.name));
  let number = 0;
  for await (const row of ownRows(plan, open)) {
    number++;
    const values = columns.map(({ key, column }, index) => {
      try {
        // Where a row lacks it, it is NULL, as the warning says; else JSON's null may be meant.
        const value = Object.hasOwn(row, key) ? convertValue(row[key], column) : null;
        return `${names[index]}:${JSON.stringify(value)}`;
      } catch (error) {
        throw error instanceof UnfitValue ? unfit(plan, number, column) : error;
      }
    });
    yield Buffer.from(`{${values.join(",")}}`);
  }
}

async function* ownRows(plan: TablePlan, open: FileRows): AsyncGenerator<Row> {
  if (plan.descendants.length === 0) {
    yield* parsedRows(plan, open);
    return;
  }
  const keys = (plan.columns ?? []).map(({ key }) => key);
  yield* withoutInherited(parsedRows(plan, open), inheritedRows(plan, open), keys, plan);
}

async function* inheritedRows({ descendants }: TablePlan, open: FileRows): AsyncGenerator<Row> {
  for (const child of descendants) yield* ownRows(child, open);
}

async function* parsedRows({ files }: TablePlan, open: FileRows): AsyncGenerator<Row> {
  for (const file of files) {
    let number = 0;
    for await (const bytes of open(file)) yield parseFileRow(bytes, file.entry, ++number);
  }
}

function unfit(plan: TablePlan, row: number, { name, type }: MatchedColumn["column"]): BackupError {
  return invalidArchive(
    `Table ${tableLabel(plan)}, row ${row}: what the backup holds for ${name} is no value of type ${type}.`,
    {
      hint: "Compare the column's type with that of the time of the backup.",
      details: { table: { schema: plan.schema, name: plan.name }, row, column: name },
    },
  );
}
