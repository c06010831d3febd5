import { type RehearseOptions, rehearse } from "../restore/rehearsal/rehearse.ts";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import { describeRights } from "../shared/describe-rights.ts";
import { formatCount, formatDuration, formatNoun } from "../shared/format.ts";
import { leaveOutIn } from "../shared/leave-out.ts";
import type { RehearsalReport, SampleValue, Violation } from "../shared/rehearsal.ts";
import { summariseDrift } from "../shared/summarise-drift.ts";
import { tableLabel } from "../shared/table-name.ts";
import { showProgress } from "./progress-bar.ts";
import { remedyLines } from "./remedy-lines.ts";
import { visible } from "./visible.ts";

/** `restore --rehearse`: prints what a restore would do. @returns the exit code: 0 if it would succeed, else 1 */
export async function printRehearsal(
  options: Pick<RehearseOptions, "database" | "archive" | "scope" | "signal">,
  asJson: boolean,
): Promise<number> {
  using progress = showProgress();
  const { onProgress, end } = progress;
  const report = await rehearse({ ...options, models: NO_PRISMA_MODELS, onProgress });
  end();
  const text = asJson ? JSON.stringify(report, null, 2) : formatReport(report);
  process.stdout.write(`${text}\n`);
  return report.wouldSucceed ? 0 : 1;
}

function formatReport(report: RehearsalReport): string {
  const { wouldSucceed, obstacles, drift, tables, violations, warnings, elapsedMs } = report;
  const lines: string[] = [];
  const section = (...some: string[]) => {
    if (some.length === 0) return;
    if (lines.length > 0) lines.push("");
    lines.push(...some);
  };
  section(...tableLines(tables));
  section(
    ...summariseDrift(drift.filter(({ blocks }) => !blocks)).map(
      ({ message }) => `drift: ${visible(message)}`,
    ),
    ...warnings
      .filter(({ message }) => !drift.some((it) => it.message === message))
      .map(({ message }) => `warning: ${visible(message)}`),
    ...report.notRehearsed.map((message) => `not in the trial run: ${visible(message)}`),
  );
  for (const { code, message, hint, details } of obstacles) {
    const lines = remedyLines(hint, leaveOutIn(details)).map((line) => `  ${visible(line)}`);
    section(`✗ [${code}] ${visible(message)}`, ...lines);
  }
  if (report.rights) section(visible(describeRights(report.rights)));
  for (const violation of violations) section(...violationLines(violation));
  const summary = wouldSucceed
    ? `The restore would succeed: ${formatNoun(tables.length, "table")}, ${formatNoun(
        tables.reduce((sum, { rowsInBackup }) => sum + rowsInBackup, 0),
        "row",
      )}.`
    : "The restore would fail.";
  section(`${summary} The trial run took ${formatDuration(elapsedMs)}. Nothing was changed.`);
  return lines.join("\n");
}

const COLUMNS = ["now", "in backup", "added", "removed", "changed", "same"];

function tableLines(tables: RehearsalReport["tables"]): string[] {
  if (tables.length === 0) return [];
  const rows = tables.map(({ rowsNow, isDamaged, rowsInBackup, changes, ...table }) => [
    visible(tableLabel(table)),
    isDamaged ? "?" : formatCount(rowsNow),
    formatCount(rowsInBackup),
    ...(changes
      ? [changes.added, changes.removed, changes.changed, changes.same].map(formatCount)
      : ["?", "?", "?", "?"]),
  ]);
  const all = [["", ...COLUMNS], ...rows];
  const widths = ["", ...COLUMNS].map((_, index) =>
    Math.max(...all.map((row) => row[index]?.length ?? 0)),
  );
  return all.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** The remaining rows are only in the JSON. */
const SHOWN_ROWS = 5;

function violationLines({ message, remedy, key, columns, rows, total }: Violation): string[] {
  const shown = rows.slice(0, SHOWN_ROWS).map((row) => {
    const place = row.row === undefined ? "" : `row ${formatCount(row.row)} of the backup`;
    const names = row.key.length > 0 ? key : columns;
    const values = row.key.length > 0 ? row.key : row.values;
    const pairs = values.map((value, i) => `${names[i] ?? "values"} = ${shownValue(value)}`);
    const times = row.times === undefined ? "" : ` (${formatCount(row.times)} times)`;
    return `    ${[place, pairs.join(", ")].filter(Boolean).join(": ")}${times}`;
  });
  const more = rows.length > SHOWN_ROWS || total === null || total > rows.length;
  return [`✗ ${visible(message)}`, ...shown, ...(more ? ["    …"] : []), `  ${visible(remedy)}`];
}

const shownValue = (value: SampleValue): string => (value === null ? "NULL" : visible(value));
