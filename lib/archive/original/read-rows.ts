import type { BackupError } from "../../errors.ts";
import { nameOf, tableLabel } from "../../shared/table-name.ts";
import { invalidArchive } from "../archive-error.ts";
import { convertValue, UnfitValue } from "./convert-value.ts";
import type { MatchedColumn } from "./match-columns.ts";
import type { TablePlan } from "./original-manifest.ts";
import { withoutInherited } from "./own-rows.ts";
import type { Row } from "./parse-row.ts";
import { parseFileRow, type ScannedFile } from "./scan-file.ts";

/** Reads a file's rows in groups, split but not parsed. */
export type FileRows = (file: ScannedFile) => AsyncIterable<Buffer[]>;

const [NEWLINE, RETURN, SPACE] = [0x0a, 0x0d, 0x20];
const [FIRST, NEXT, LINE_END] = [Buffer.from("["), Buffer.from(","), Buffer.from("\n")];

/** Writes a table's JSON array in the layout of format 1, converted to it if the plan has columns. */
export async function* readPlannedTable(plan: TablePlan, open: FileRows): AsyncGenerator<Buffer> {
  let isEmpty = true;
  const { columns } = plan;
  for await (const lines of columns ? convertedRows(plan, columns, open) : plainRows(plan, open)) {
    if (lines.length === 0) continue;
    const parts = lines.flatMap((line) => [NEXT, line, LINE_END]);
    if (isEmpty) parts[0] = FIRST;
    isEmpty = false;
    yield Buffer.concat(parts);
  }
  yield Buffer.from(isEmpty ? "[\n]\n" : "]\n");
}

/** Leaves rows unchanged, except for line ends in files that were reformatted. JSON allows none inside strings. */
async function* plainRows({ files }: TablePlan, open: FileRows): AsyncGenerator<Buffer[]> {
  for (const file of files) {
    for await (const rows of open(file)) yield rows.map(onOneLine);
  }
}

function onOneLine(row: Buffer): Buffer {
  if (!row.includes(NEWLINE) && !row.includes(RETURN)) return row;
  return Buffer.from(row.map((byte) => (byte === NEWLINE || byte === RETURN ? SPACE : byte)));
}

async function* convertedRows(
  plan: TablePlan,
  columns: MatchedColumn[],
  open: FileRows,
): AsyncGenerator<Buffer[]> {
  const names = columns.map(({ column }) => JSON.stringify(column.name));
  let number = 0;
  const convert = (row: Row): Buffer => {
    number++;
    const values = columns.map(({ key, column }, index) => {
      try {
        // If the row lacks the key, the value is NULL, as the warning says. Otherwise a null may be JSON's.
        const value = Object.hasOwn(row, key) ? convertValue(row[key], column) : null;
        return `${names[index]}:${JSON.stringify(value)}`;
      } catch (error) {
        throw error instanceof UnfitValue ? unfit(plan, number, column) : error;
      }
    });
    return Buffer.from(`{${values.join(",")}}`);
  };
  for await (const rows of ownRows(plan, open)) yield rows.map(convert);
}

async function* ownRows(plan: TablePlan, open: FileRows): AsyncGenerator<Row[]> {
  if (plan.descendants.length === 0) {
    yield* parsedRows(plan, open);
    return;
  }
  const keys = (plan.columns ?? []).map(({ key }) => key);
  yield* withoutInherited(parsedRows(plan, open), inheritedRows(plan, open), keys, plan);
}

async function* inheritedRows({ descendants }: TablePlan, open: FileRows): AsyncGenerator<Row[]> {
  for (const child of descendants) yield* ownRows(child, open);
}

async function* parsedRows({ files }: TablePlan, open: FileRows): AsyncGenerator<Row[]> {
  for (const file of files) {
    let number = 0;
    for await (const rows of open(file)) {
      yield rows.map((bytes) => parseFileRow(bytes, file.entry, ++number));
    }
  }
}

function unfit(plan: TablePlan, row: number, { name, type }: MatchedColumn["column"]): BackupError {
  return invalidArchive(
    `Table ${tableLabel(plan)}, row ${row}: what the backup holds for ${name} is no value of type ${type}.`,
    {
      hint: "Compare the column's type with that of the time of the backup.",
      details: { table: nameOf(plan), row, column: name },
    },
  );
}
