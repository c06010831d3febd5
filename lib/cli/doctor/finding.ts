import { toBackupError } from "../../to-backup-error.ts";
import { UsageError } from "../usage.ts";
import { visible } from "../visible.ts";

/** note: good to know. warning: something may fail or get lost one day. problem: a backup or restore would fail. */
export type Level = "ok" | "note" | "warning" | "problem";

/** The sections of the report, in order. */
const AREAS = ["Versions", "Database", "Server", "App"] as const;

interface FindingBase {
  area: (typeof AREAS)[number];
  /** A stable name for programs. */
  code: string;
  what: string;
  /** One line for each, if there are several of a kind. */
  details?: string[];
}

/** Every finding that is not ok says what to do. */
export type Finding = FindingBase &
  ({ level: "ok"; remedy?: never } | { level: Exclude<Level, "ok">; remedy: string });

/** Adds findings about one area to `findings`. */
export function reportOn(area: Finding["area"], findings: Finding[] = []) {
  const add =
    (level: Exclude<Level, "ok">) =>
    (code: string, what: string, remedy: string, details: string[] = []) => {
      findings.push({ area, level, code, what, remedy, ...(details.length > 0 && { details }) });
    };
  const problem = add("problem");
  return {
    findings,
    ok: (code: string, what: string) => {
      findings.push({ area, level: "ok", code, what });
    },
    note: add("note"),
    warning: add("warning"),
    problem,
    /** Runs a check. Its own failure becomes a problem. @param what its subject @returns null if it failed */
    async look<Result>(
      code: string,
      what: string,
      check: () => Result | Promise<Result>,
    ): Promise<Result | null> {
      try {
        return await check();
      } catch (thrown) {
        if (thrown instanceof UsageError) throw thrown;
        const error = toBackupError(thrown);
        if (error.code === "ABORTED") throw error;
        const { message, cause, hint = "Run this again." } = error;
        const words = error.code === "INTERNAL" && cause instanceof Error ? cause.message : message;
        problem(code, `${what} could not be looked at: ${words}`, hint);
        return null;
      }
    },
  };
}

export type Report = ReturnType<typeof reportOn>;

const SYMBOLS: Record<Level, string> = { ok: "✓", note: "·", warning: "!", problem: "✗" };
const MAX_DETAILS = 10;

export function reportText(findings: readonly Finding[]): string {
  const lines: string[] = [];
  for (const area of AREAS) {
    const here = findings.filter((finding) => finding.area === area);
    if (here.length === 0) continue;
    lines.push(area);
    for (const { level, what, remedy, details = [] } of here) {
      lines.push(`  ${SYMBOLS[level]} ${visible(what)}`);
      for (const detail of details.slice(0, MAX_DETAILS)) lines.push(`      ${visible(detail)}`);
      if (details.length > MAX_DETAILS)
        lines.push(`      and ${details.length - MAX_DETAILS} more`);
      if (remedy !== undefined) lines.push(`    → ${visible(remedy)}`);
    }
    lines.push("");
  }
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const plural = (many: number, noun: string) => `${many} ${noun}${many === 1 ? "" : "s"}`;
  lines.push(
    problems > 0
      ? `${plural(problems, "problem")} (✗), ${plural(warnings, "warning")} (!): a backup or a restore would fail.`
      : `No problem, ${plural(warnings, "warning")}${warnings > 0 ? " (!)" : ""}: backups and restores should work, as far as this can tell.`,
  );
  return `${lines.join("\n")}\n`;
}
