import type { TableName } from "../../lib/shared/api.ts";
import type { ArchiveVerdict } from "../../lib/shared/archive-verdict.ts";

/** What came of looking inside: exactly one of these. */
export type LocalVerdict =
  | { kind: "fine" }
  | {
      kind: "damaged";
      /** Which; empty where it is not a table's entry that is damaged. */
      tables: TableName[];
      message: string;
    }
  | { kind: Exclude<ArchiveVerdict, "fine" | "damaged">; message: string };

export type Fault = Exclude<LocalVerdict, { kind: "fine" }>;

/** An archive that cannot be read on. */
export class ArchiveProblem extends Error {
  override readonly name = "ArchiveProblem";
  readonly verdict: Fault;

  constructor(verdict: Fault, options?: ErrorOptions) {
    super(verdict.message, options);
    this.verdict = verdict;
  }
}

export const damaged = (tables: TableName[], message: string, cause?: unknown) =>
  new ArchiveProblem({ kind: "damaged", tables, message }, { cause });

export const incomplete = (message: string) => new ArchiveProblem({ kind: "incomplete", message });
