/** Finds out from the files what the original lost when it wrote them. The warnings are shown before a restore. */
import type { Warning } from "../../shared/api.ts";
import { nameOf, tableLabel } from "../../shared/table-name.ts";
import { refusesNull } from "./convert-value.ts";
import type { MatchedColumn } from "./match-columns.ts";
import type { MatchedTable } from "./match-tables.ts";
import type { ScannedFile } from "./scan-file.ts";

export function generalLosses(files: readonly ScannedFile[]): Warning[] {
  const encrypted = files.filter(({ isEncrypted }) => isEncrypted).length;
  const warnings: Warning[] = [
    {
      code: "ORIGINAL_INTEGRITY",
      message:
        encrypted > 0
          ? "The integrity of this backup cannot be checked: the original stored no checksums, nor the tag of its encryption. Later damage or changes cannot be found."
          : "The integrity of this backup cannot be checked: the original stored no checksums. Later damage or changes cannot be found.",
    },
  ];
  // 0.3.5, which did not write the table's name into its rows, lacked this option.
  if (files.some(({ tableName }) => tableName !== null)) {
    warnings.push({
      code: "ORIGINAL_OFFSET_POSSIBLE",
      message:
        "If the original's option offset was used for a table, it skipped a row after each page of it. These rows are not in the backup.",
    });
  }
  if (encrypted > 0 && encrypted < files.length) {
    warnings.push({
      code: "ORIGINAL_PARTLY_ENCRYPTED",
      message: `${encrypted} of its ${files.length} files are encrypted: they may be of different backups that were written into the same folder.`,
    });
  }
  return warnings;
}

const LOSSES: Array<{
  code: Warning["code"];
  concerns: (column: MatchedColumn) => boolean;
  message: (table: string, columns: string) => string;
}> = [
  {
    code: "ORIGINAL_MICROSECONDS",
    concerns: ({ column, statistics }) =>
      (column.valueType.secondDigits ?? 0) > 3 && hasValues(statistics),
    message: (table, columns) =>
      `Times in ${table} (${columns}) were cut to milliseconds when the backup was written.`,
  },
  {
    code: "ORIGINAL_DATE_NULL",
    concerns: ({ column, statistics }) =>
      /^(date|timestamp|timestamptz)$/.test(column.valueType.name ?? "") &&
      holdsNulls(column, statistics),
    message: (table, columns) =>
      `NULL in ${table} (${columns}) may have been infinity, or a date outside of the years 1 to 9999: the original wrote null for them.`,
  },
  {
    code: "ORIGINAL_SESSION_ZONE",
    concerns: ({ column, statistics }) =>
      column.valueType.name === "timestamptz" && hasValues(statistics),
    message: (table, columns) =>
      `Times in ${table} (${columns}) are taken for UTC: with the pg adapter, the original wrote them in the time zone of its session (SHOW timezone), and did not say which.`,
  },
  {
    code: "ORIGINAL_TIME_ZONE",
    concerns: ({ column, statistics }) =>
      column.valueType.name === "timetz" && hasValues(statistics),
    message: (table, columns) =>
      `Times of day in ${table} (${columns}) lost their time zone: they are taken for UTC.`,
  },
  {
    code: "ORIGINAL_JSON_NULL",
    concerns: ({ column, statistics }) =>
      isJson(column) &&
      (column.valueType.isArray || !refusesNull(column)) &&
      holdsNulls(column, statistics),
    message: (table, columns) =>
      `JSON null and SQL NULL look the same in the backup of ${table} (${columns}): both become SQL NULL.`,
  },
  {
    code: "ORIGINAL_JSON_PRECISION",
    concerns: ({ column, statistics }) =>
      isJson(column) && statistics.some(({ imprecise }) => imprecise),
    message: (table, columns) =>
      `Numbers of 16 digits or more inside the JSON of ${table} (${columns}) may have been rounded when the backup was written.`,
  },
  {
    code: "ORIGINAL_NUMBER_PRECISION",
    concerns: ({ column, statistics }) =>
      /^(int8|numeric)$/.test(column.valueType.name ?? "") &&
      statistics.some(({ imprecise }) => imprecise),
    message: (table, columns) =>
      `Numbers of 16 digits or more in ${table} (${columns}) may have been rounded when the backup was written: it holds them as JavaScript's.`,
  },
  {
    code: "ORIGINAL_FLOAT_NULL",
    concerns: ({ column, statistics }) =>
      /^float[48]$/.test(column.valueType.name ?? "") && holdsNulls(column, statistics),
    message: (table, columns) =>
      `NULL in ${table} (${columns}) may have been NaN or infinity: the original wrote null for them.`,
  },
];

const isJson = ({ valueType }: MatchedColumn["column"]): boolean =>
  valueType.name === "json" || valueType.name === "jsonb";
const hasValues = (statistics: MatchedColumn["statistics"]): boolean =>
  statistics.some(({ rows, nulls }) => rows > nulls);
const holdsNulls = (
  { valueType }: MatchedColumn["column"],
  statistics: MatchedColumn["statistics"],
): boolean =>
  statistics.some(({ nulls, nullElements }) => (valueType.isArray ? nullElements : nulls > 0));

export function tableLosses(matched: MatchedTable, columns: readonly MatchedColumn[]): Warning[] {
  const table = nameOf(matched);
  return LOSSES.flatMap(({ code, concerns, message }) => {
    const concerned = columns.filter(concerns).map(({ column }) => column.name);
    return concerned.length === 0
      ? []
      : [{ code, message: message(tableLabel(table), concerned.join(", ")), table }];
  });
}
