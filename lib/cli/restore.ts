import { openArchive } from "../archive/archive-reader.ts";
import { isMerge } from "../plan/restore-scope.ts";
import { openDatabase } from "../postgres/connection/connection.ts";
import { restoreArchive } from "../restore/restore-archive.ts";
import { isSaidBefore } from "../restore/result-warnings.ts";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import type {
  OperationResult,
  RestoreMode,
  RestorePlan,
  RestoreScope,
  TableName,
} from "../shared/api.ts";
import { formatCount, formatDuration, formatNoun, formatSome } from "../shared/format.ts";
import { restoreModeSchema } from "../shared/requests.ts";
import { summariseDrift } from "../shared/summarise-drift.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { showProgress } from "./progress-bar.ts";
import { printRehearsal } from "./rehearse.ts";
import { remedyLines } from "./remedy-lines.ts";
import {
  NotConfirmedError,
  parseExclusion,
  parseInclude,
  parseOptions,
  parseTableName,
  readUnlock,
  required,
  UNLOCK_OPTIONS,
  UsageError,
} from "./usage.ts";
import { visible } from "./visible.ts";

/** `restore`: checks the whole archive, and with `--yes` restores it in one transaction. @returns the exit code */
export async function restore(args: string[], signal: AbortSignal): Promise<number> {
  const options = parseOptions(
    args,
    {
      ...UNLOCK_OPTIONS,
      url: { type: "string" },
      yes: { type: "boolean" },
      rehearse: { type: "boolean" },
      table: { type: "string", multiple: true },
      exclude: { type: "string", multiple: true },
      include: { type: "string", multiple: true },
      mode: { type: "string" },
      json: { type: "boolean" },
    },
    1,
  );
  const url = required(options.url, "url");
  if (options.rehearse && options.yes) throw new UsageError("Give --rehearse or --yes, not both.");
  if (options.json && !options.rehearse) throw new UsageError("--json goes with --rehearse.");
  const scope = readScope(options);
  await using database = openDatabase({ connectionString: url });
  using progress = showProgress();
  const say = (line: string) => {
    progress.end();
    process.stderr.write(`${line}\n`);
  };
  const unlock = await readUnlock(options);
  await using archive = await openArchive(options.file);
  await archive.unlock(unlock);
  if (options.rehearse)
    return await printRehearsal({ database, archive, scope, signal }, options.json ?? false);
  const { plan, result } = await restoreArchive({
    database,
    archive,
    models: NO_PRISMA_MODELS,
    scope,
    signal,
    onProgress: progress.onProgress,
    agree(found) {
      for (const line of findings(found)) say(line);
      if (!options.yes) throw notConfirmed(found);
    },
  });
  // The messages about what is left out were printed before the restore began.
  const news = result.warnings.filter((it) => !isSaidBefore(it));
  for (const { message } of news) say(`warning: ${message}`);
  for (const line of leftLines(plan, scope)) say(line);
  progress.end();
  process.stdout.write(`${describeResult(options.file, plan, result)}\n`);
  return 0;
}

function readScope(options: {
  table?: string[];
  exclude?: string[];
  include?: string[];
  mode?: string;
}): RestoreScope {
  const { table, exclude, include, mode = "replace" } = options;
  const known = restoreModeSchema.safeParse(mode);
  if (!known.success)
    throw new UsageError(`--mode is one of ${restoreModeSchema.options.join(", ")}.`);
  const included = parseInclude(include, table);
  return {
    mode: known.data,
    ...(table && { tables: table.map(parseTableName) }),
    ...(exclude && { exclude: exclude.map(parseExclusion) }),
    ...(included && { include: included }),
  };
}

/** Lists chosen tables that stay as they are, with the reason. */
function leftLines({ tables }: RestorePlan, scope: RestoreScope): string[] {
  const left = tables.filter((it) => it.action === "skip" && !it.isMissing && isMeant(it, scope));
  return [...Map.groupBy(left, (it) => it.reason ?? "")].map(([reason, its]) =>
    leftLine(its.map(tableLabel), reason),
  );
}

const leftLine = (tables: readonly string[], reason: string): string =>
  tables.length === 1
    ? `left as it is: ${formatSome(tables)}. ${reason}`
    : `left as they are: ${formatSome(tables)}. ${reason.replace(/^It was /, "They were ")}`;

/** There is no message for a table that was not chosen. */
const isMeant = (table: TableName, { tables }: RestoreScope): boolean =>
  tables?.some((chosen) => tableKey(chosen) === tableKey(table)) ?? true;

function describeResult(
  file: string,
  { manifest, scope }: RestorePlan,
  result: OperationResult,
): string {
  const what = manifest.database
    ? `${visible(manifest.database.name)} of ${manifest.createdAt}`
    : file;
  return `${what} restored: ${formatNoun(result.tables.length, "table")}, ${formatNoun(result.rows, "row")}${grown(result, scope)}, ${formatNoun(result.sequences, "sequence")} in ${formatDuration(result.elapsedMs)}`;
}

function grown({ tables }: OperationResult, { mode }: RestoreScope): string {
  if (!isMerge(mode)) return "";
  const added = tables.reduce((sum, it) => sum + (it.rowsAfter ?? 0) - (it.rowsBefore ?? 0), 0);
  return ` of which ${formatCount(added)} ${added === 1 ? "was" : "were"} not there before`;
}

/** Lists what a person should know before the restore begins. */
function findings({ checks, drift, warnings }: RestorePlan): string[] {
  return [
    ...checks.filter(({ state }) => state === "warning"),
    ...summariseDrift(drift.filter(({ blocks }) => !blocks)),
    ...warnings,
  ].map(({ message }) => `warning: ${message}`);
}

function notConfirmed({ canStart, checks, tables, scope }: RestorePlan): NotConfirmedError {
  if (!canStart) {
    const reasons = checks
      .filter(({ state }) => state === "failed")
      .flatMap(({ message, remedy, leaveOut }) => [
        message,
        ...remedyLines(remedy, leaveOut).map((line) => `hint: ${line}`),
      ]);
    return new NotConfirmedError(
      ["This backup cannot be restored here. Nothing was changed.", ...reasons].join("\n"),
    );
  }
  const changed = tables.filter(({ action }) => action !== "skip").length;
  return new NotConfirmedError(
    `Nothing was changed. The restore would ${WHAT[scope.mode](formatNoun(changed, "table"))}: add --yes to do it.`,
  );
}

const WHAT: Record<RestoreMode, (tables: string) => string> = {
  replace: (tables) => `replace every row of ${tables}`,
  "if-empty": (tables) => `fill ${tables}, which ${tables === "1 table" ? "is" : "are"} empty`,
  "keep-existing": (tables) => `add to ${tables} the rows whose key is missing`,
  overwrite: (tables) => `add rows to ${tables}, and overwrite those with the same key`,
};
