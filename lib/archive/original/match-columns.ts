/** Matches the keys of a file's rows with the columns of its table. Pure. */
import type { CatalogColumn } from "../../schema/catalog.ts";
import { findModel, type PrismaModels } from "../../schema/prisma-models.ts";
import type { Warning } from "../../shared/api.ts";
import { quote } from "../../shared/archive/entry-names.ts";
import { nameOf, tableLabel } from "../../shared/table-name.ts";
import { invalidArchive } from "../archive-error.ts";
import type { ManifestTable } from "../manifest.ts";
import { fitsColumn } from "./convert-value.ts";
import type { MatchedTable } from "./match-tables.ts";
import { rowsOf } from "./own-rows.ts";
import type { KeyStatistics } from "./scan-file.ts";

export interface MatchedColumn {
  key: string;
  column: CatalogColumn;
  statistics: KeyStatistics[];
}

export interface MatchedColumns {
  columns: MatchedColumn[];
  /** For the manifest. What the table lacks, or has with another type, becomes drift. */
  described: ManifestTable["columns"];
  warnings: Warning[];
}

/** @throws ARCHIVE_INVALID if two keys belong to the same column */
export function matchColumns(matched: MatchedTable, models: PrismaModels): MatchedColumns {
  const { table, files } = matched;
  if (!table) return { columns: [], described: [], warnings: [] };
  const rows = rowsOf(matched);
  if (rows === 0) {
    // An empty file does not tell which columns the table had.
    const described = table.columns
      .filter(({ generated }) => !generated)
      .map(({ name, type, encoding }) => ({ name, type, encoding }));
    return { columns: [], described, warnings: [] };
  }

  const keys = Map.groupBy(
    files.flatMap((file) => [...file.keys]),
    ([key]) => key,
  );
  // 0.3.5 wrote the objects that its user passed: usually Prisma's, with fields instead of columns.
  const areColumns = files.every(({ tableName }) => tableName !== null);
  const columnOf = areColumns
    ? (key: string) => key
    : columnNames([...keys.keys()], matched, models);
  const result: MatchedColumns = { columns: [], described: [], warnings: [] };
  const ignored: string[] = [];
  const incomplete: string[] = [];
  for (const [key, found] of keys) {
    const statistics = found.map(([, it]) => it);
    const name = columnOf(key);
    const column = table.columns.find((it) => it.name === name);
    if (!column) {
      if (!areColumns && mayBeRelation(statistics)) ignored.push(key);
      else result.described.push({ name, type: "unknown", encoding: "json" });
      continue;
    }
    // PostgreSQL computes it again.
    if (column.generated) continue;
    if (result.columns.some((it) => it.column === column)) {
      throw invalidArchive(
        `The rows of ${quote(matched.name)} hold the column ${quote(name)} twice, by its own name and a field's.`,
      );
    }
    const kinds = statistics.flatMap((it) => [...it.kinds]);
    const unfit = kinds.find((kind) => !fitsColumn(kind, column));
    const { type, encoding } = column;
    result.columns.push({ key, column, statistics });
    result.described.push({ name, type: unfit ? `JSON ${unfit}` : type, encoding });
    if (statistics.reduce((sum, it) => sum + it.rows, 0) !== rows) incomplete.push(key);
  }
  if (ignored.length > 0) {
    result.warnings.push({
      code: "ORIGINAL_RELATIONS_IGNORED",
      message: `The rows of ${tableLabel(matched)} hold ${ignored.map(quote).join(", ")}, which is no column of it: ignored, as related rows that were included.`,
      table: nameOf(matched),
    });
  }
  if (incomplete.length > 0) {
    result.warnings.push({
      code: "ORIGINAL_VALUES_MISSING",
      message: `Some rows of ${tableLabel(matched)} lack ${incomplete.map(quote).join(", ")}: they get NULL.`,
      table: nameOf(matched),
    });
  }
  return result;
}

/** If all keys are the model's fields, they count as fields. Otherwise a key is a column's name, else a field's. */
function columnNames(
  keys: string[],
  { table, schema, name }: MatchedTable,
  models: PrismaModels,
): (key: string) => string {
  const fields = new Map(
    findModel(models, { schema, name })?.columns.map(({ field, column }) => [field, column]),
  );
  const isColumn = (key: string) => table?.columns.some((column) => column.name === key) ?? false;
  const areFields = keys.every((key) => fields.has(key) || !isColumn(key));
  return (key) => (areFields || !isColumn(key) ? (fields.get(key) ?? key) : key);
}

/** Whether the values can be related rows, as `include` and `select` add them: objects, arrays or null. */
function mayBeRelation(statistics: KeyStatistics[]): boolean {
  return statistics.every(({ kinds }) =>
    [...kinds].every((kind) => kind === "object" || kind === "array" || kind === "null"),
  );
}
