import type { TableName } from "../../lib/shared/api.ts";
import type { ArchiveFault } from "../../lib/shared/archive/fault.ts";
import type { ArchiveVerdict } from "../../lib/shared/archive-verdict.ts";
import { verdictOf } from "./not-a-backup.ts";

/** The result of the check in the browser: exactly one of these. */
export type LocalVerdict =
  | { kind: "fine" }
  | {
      kind: "damaged";
      /** The damaged tables. Empty if the damage is in another entry. */
      tables: TableName[];
      message: string;
      hint: string;
    }
  | { kind: Exclude<ArchiveVerdict, "fine" | "damaged">; message: string; hint: string };

export type Fault = Exclude<LocalVerdict, { kind: "fine" }>;

/** An archive that cannot be read further. */
export class ArchiveProblem extends Error {
  override readonly name = "ArchiveProblem";
  readonly verdict: Fault;

  constructor(verdict: Fault, options?: ErrorOptions) {
    super(verdict.message, options);
    this.verdict = verdict;
  }
}

export function problemOf(fault: ArchiveFault): ArchiveProblem {
  const { message, hint, details } = fault;
  const tables = (details?.tables ?? []) as TableName[];
  const kind = verdictOf(fault);
  const verdict = kind === "damaged" ? { kind, tables, message, hint } : { kind, message, hint };
  return new ArchiveProblem(verdict, { cause: fault });
}
