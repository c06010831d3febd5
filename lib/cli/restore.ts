import { openArchive } from "../archive/archive-reader.ts";
import { openDatabase } from "../postgres/connection.ts";
import { beginRestore, runRestore } from "../restore/run-restore.ts";
import { verifyArchive } from "../restore/verify-archive.ts";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import type { RestorePlan } from "../shared/api.ts";
import { formatDuration, formatNoun } from "../shared/format.ts";
import { tableLabel } from "../shared/table-name.ts";
import { showProgress } from "./progress-bar.ts";
import { printRehearsal } from "./rehearse.ts";
import {
  NotConfirmedError,
  parseOptions,
  readUnlock,
  required,
  UNLOCK_OPTIONS,
  UsageError,
} from "./usage.ts";

/** `restore`: checks the whole archive, then replaces the tables' rows in one transaction. Without `--yes` only checks; with `--rehearse` rehearses. */
export async function restore(args: string[], signal: AbortSignal): Promise<number> {
  const options = parseOptions(
    args,
    {
      ...UNLOCK_OPTIONS,
      url: { type: "string" },
      yes: { type: "boolean" },
      rehearse: { type: "boolean" },
      json: { type: "boolean" },
    },
    1,
  );
  const url = required(options.url, "url");
  if (options.rehearse && options.yes) throw new UsageError("Give --rehearse or --yes, not both.");
  if (options.json && !options.rehearse) throw new UsageError("--json goes with --rehearse.");
  const models = NO_PRISMA_MODELS;
  const database = openDatabase({ connectionString: url });
  const progress = showProgress();
  const { onProgress } = progress;
  try {
    const unlock = await readUnlock(options);
    await using archive = await openArchive(options.file);
    await archive.unlock(unlock);
    if (options.rehearse)
      return await printRehearsal(database, archive, options.json ?? false, signal);
    const plan = await verifyArchive({ database, models, archive, onProgress, signal });
    for (const line of findings(plan)) say(line);
    if (!options.yes) throw notConfirmed(plan);
    // What stands in the way is an error of the restore itself, before it changes anything.
    const session = await beginRestore(database);
    try {
      const result = await runRestore(session, { archive, models, onProgress, signal });
      // What is left out has been said already, before it began.
      const news = result.warnings.filter(({ code }) => code !== "COLUMN_LEFT_OUT");
      for (const { message } of news) say(`warning: ${message}`);
      for (const table of plan.tables.filter(({ action }) => action === "skip"))
        say(`left as it is: ${tableLabel(table)}. ${table.reason}`);
      progress.end();
      process.stdout.write(
        `${plan.manifest.database ? `${plan.manifest.database.name} of ${plan.manifest.createdAt}` : options.file} restored: ${formatNoun(result.tables.length, "table")}, ${formatNoun(result.rows, "row")}, ${formatNoun(result.sequences, "sequence")} in ${formatDuration(result.elapsedMs)}\n`,
      );
      return 0;
    } finally {
      await session.end();
    }
  } finally {
    progress.end();
    await database.close();
  }

  function say(line: string) {
    progress.end();
    process.stderr.write(`${line}\n`);
  }
}

/** What to know before it begins. */
function findings({ checks, drift, warnings }: RestorePlan): string[] {
  return [
    ...checks.filter(({ state }) => state === "warning"),
    ...drift.filter(({ blocks }) => !blocks),
    ...warnings,
  ].map(({ message }) => `warning: ${message}`);
}

function notConfirmed({ canStart, checks, tables }: RestorePlan): NotConfirmedError {
  if (!canStart) {
    const reasons = checks.filter(({ state }) => state === "failed").map(({ message }) => message);
    return new NotConfirmedError(
      ["This backup cannot be restored here. Nothing has changed.", ...reasons].join("\n"),
    );
  }
  const replaced = tables.filter(({ action }) => action === "replace").length;
  return new NotConfirmedError(
    `Nothing has changed. The restore would replace every row of ${formatNoun(replaced, "table")}: add --yes to do it.`,
  );
}
