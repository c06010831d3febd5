import type { Archive } from "../archive/archive.ts";
import { BackupError } from "../errors.ts";
import { rehearse } from "../restore/rehearsal/rehearse.ts";
import type { Check, RestoreScope } from "../shared/api.ts";
import type { ErrorCode } from "../shared/error-codes.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import type { Context } from "./context.ts";
import type { LiveOperation } from "./live-operation.ts";

export { summariseRehearsal as summarise } from "../restore/rehearsal/summarise.ts";

export interface Rehearsed {
  /** Null if the trial run was not possible. */
  report: RehearsalReport | null;
  /** A warning, not a failure, because the problems can be corrected before the start. */
  check: Check;
}

/** If the trial run fails for one of these reasons, the restore itself is still possible. */
const UNREHEARSED: readonly ErrorCode[] = [
  "OPERATION_IN_PROGRESS",
  "LOCK_TIMEOUT",
  "INSUFFICIENT_PRIVILEGE",
];

const NAMED_REASONS = 5;

export async function rehearseRestore(
  { config, database, models }: Pick<Context, "config" | "database" | "models">,
  { onProgress, signal }: Pick<LiveOperation, "onProgress" | "signal">,
  archive: Archive,
  scope: RestoreScope,
): Promise<Rehearsed> {
  const { lockTimeoutMs, signIn } = config;
  const name = "rehearsal";
  try {
    const report = await rehearse({
      database,
      archive,
      models,
      scope,
      lockTimeoutMs,
      signIn,
      signal,
      onProgress,
    });
    if (report.wouldSucceed) {
      const message = "A trial run of the whole restore succeeded.";
      return { report, check: { name, state: "passed", message } };
    }
    const reasons = [...report.obstacles, ...report.violations].map(({ message }) => message);
    const more = reasons.length > NAMED_REASONS ? " …" : "";
    const message = `A trial run of the restore failed, and so would the restore: ${reasons.slice(0, NAMED_REASONS).join(" ")}${more}`;
    return { report, check: { name, state: "warning", message } };
  } catch (error) {
    if (!(error instanceof BackupError) || !UNREHEARSED.includes(error.code)) throw error;
    const message = `There was no trial run. ${error.message}`;
    return { report: null, check: { name, state: "warning", message } };
  }
}
