import { expect, it } from "vitest";
import { BackupError } from "./errors.ts";
import { whatToLeaveOut } from "./plan/exclusion.ts";
import { MAX_MESSAGE_LENGTH, MAX_TABLES } from "./shared/archive-format.ts";
import { toErrorReport } from "./to-backup-error.ts";

const manyTables = (count: number, nameLength: number) =>
  Array.from({ length: count }, (_, at) => ({
    schema: "public",
    name: `${at}`.padEnd(nameLength, "n"),
  }));

it("keeps no more of an archive's names than anybody reads", () => {
  const tables = manyTables(MAX_TABLES, 1024);
  const words = tables.map(({ name }) => name).join(", ");
  const details = {
    ...whatToLeaveOut(tables, [...tables, { schema: "app", name: "kept" }]),
    entry: words,
    drift: [{ table: tables[0], message: words }],
  };
  const report = toErrorReport(new BackupError("SCHEMA_DRIFT", words, { hint: words, details }));
  expect(report.message).toHaveLength(MAX_MESSAGE_LENGTH);
  expect(report.hint).toHaveLength(MAX_MESSAGE_LENGTH);
  expect(JSON.stringify(report).length).toBeLessThan(1_000_000);
  expect(report.details).toMatchObject({ drift: [{ table: tables[0] }] });
  expect(details.leaveOut?.tables).toHaveLength(MAX_TABLES);
});

it("keeps all of a thousand tables, as long as PostgreSQL's names are", () => {
  const tables = manyTables(1000, 63);
  const details = {
    ...whatToLeaveOut(tables, [...tables, { schema: "app", name: "kept" }]),
    rows: 5,
  };
  expect(new BackupError("SCHEMA_DRIFT", "x", { details }).details).toEqual(details);
});
