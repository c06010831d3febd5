import {
  type EncryptionMode,
  isEnded,
  type ListedOperation,
  type Operation,
  type RestorePlan,
} from "../../lib/shared/api.ts";
import { formatPercent } from "../../lib/shared/format.ts";
import { type Phase, type Stage, sumProgress } from "../../lib/shared/progress.ts";
import type { Tone } from "../ui/badge.tsx";

const PHASE_LABELS: Record<Phase, string> = {
  preparing: "Prepare",
  dumping: "Read the tables",
  finishing: "Finish the backup",
  verifying: "Check the backup",
  emptying: "Empty the tables",
  loading: "Load the rows",
  constraints: "Build indexes, check foreign keys",
  sequences: "Set the sequences",
  comparing: "Compare",
  committing: "Commit",
};

/** Whether `@vorlefan/prisma-backup` wrote the backup. Then no checksum proves that its rows are unchanged. */
export const isOfOriginal = (plan: RestorePlan | null): boolean =>
  plan?.manifest.formatVersion === null;

/** Whether a restore is being checked or planned again. Then nothing has been changed. */
export const isPlanning = ({ kind, state, progress }: Operation | ListedOperation): boolean =>
  kind === "restore" &&
  state === "running" &&
  (progress?.stage === "check" || progress?.stage === "rehearsal");

const PHASES: Record<Stage, Phase[]> = {
  backup: ["preparing", "dumping", "finishing"],
  check: ["preparing", "verifying"],
  rehearsal: ["preparing", "emptying", "loading", "constraints", "sequences", "comparing"],
  "safety-backup": ["preparing", "dumping", "finishing"],
  restore: ["preparing", "emptying", "loading", "constraints", "sequences", "committing"],
};

/** Labels for phases that do something else in this stage than in a restore. */
const STAGE_PHASE_LABELS: Partial<Record<Stage, Partial<Record<Phase, string>>>> = {
  rehearsal: {
    emptying: "Copy the empty tables",
    constraints: "Check every constraint",
    sequences: "Compute the sequences",
    comparing: "Compare with the current rows",
  },
};

const phaseLabel = ({ progress: { stage } }: Operation, phase: Phase): string =>
  STAGE_PHASE_LABELS[stage]?.[phase] ?? PHASE_LABELS[phase];

/** What runs now, in a word. Also the badge of a running restore. */
const STAGE_LABELS: Record<Stage, string> = {
  backup: "Downloading",
  check: "Checking",
  rehearsal: "Trial run",
  "safety-backup": "Making the safety backup",
  restore: "Restoring",
};

/** Explains the current stage. Null if its phases say enough. */
export function stageDescription({ progress, safetyBackup }: Operation): string | null {
  switch (progress.stage) {
    case "backup":
    case "check":
      return null;
    case "rehearsal":
      return "A trial run into copies of the tables. The copies are deleted afterwards.";
    case "safety-backup":
      return "The safety backup saves the current data, so that you can undo the restore. The restore follows.";
    case "restore":
      return safetyBackup ? "The restore. The data from before it is saved." : "The restore.";
    default:
      throw progress.stage satisfies never;
  }
}

export interface PhaseStep {
  phase: Phase;
  label: string;
  state: "done" | "current" | "waiting";
}

/** The steps of the current stage, in order. */
export function phaseSteps(operation: Operation): PhaseStep[] {
  const phases = PHASES[operation.progress.stage];
  const current = Math.max(0, phases.indexOf(operation.progress.phase));
  return phases.map((phase, index) => ({
    phase,
    label: phaseLabel(operation, phase),
    state: index < current ? "done" : index === current ? "current" : "waiting",
  }));
}

const canStart = (operation: Operation | ListedOperation): boolean | null =>
  "canStart" in operation ? operation.canStart : (operation.plan?.canStart ?? null);

export function stateLabel(operation: Operation | ListedOperation): string {
  switch (operation.state) {
    case "pending":
      return "Waiting for the download";
    case "running":
      if (operation.cancelRequested) return "Cancelling";
      return operation.progress ? STAGE_LABELS[operation.progress.stage] : "Running";
    case "ready":
      return canStart(operation) === false ? "Cannot be restored" : "Waiting for confirmation";
    case "succeeded":
      return "Done";
    case "failed":
      return "Failed";
    case "cancelled":
      return "Cancelled";
    case "interrupted":
      return "Interrupted";
    default:
      throw operation.state satisfies never;
  }
}

export function stateTone(operation: Operation | ListedOperation): Tone {
  const { state } = operation;
  switch (state) {
    case "pending":
    case "running":
      return "accent";
    case "ready":
      return canStart(operation) === false ? "bad" : "warn";
    case "succeeded":
      return "good";
    case "failed":
    case "interrupted":
      return "bad";
    case "cancelled":
      return "neutral";
    default:
      throw state satisfies never;
  }
}

export const ENCRYPTION_LABELS: Record<EncryptionMode, string> = {
  passphrase: "Encrypted with a passphrase",
  recipients: "Encrypted for age public keys",
  none: "Not encrypted",
};

/** Says what is true of the database and of the downloaded file after an operation ended. */
export function truthOf(operation: Operation): string {
  if (operation.kind === "backup") {
    if (operation.state === "succeeded") return "Nothing in the database was changed.";
    const file = operation.startedAt
      ? " The downloaded file is incomplete. Delete it."
      : " Nothing was downloaded.";
    return `Nothing in the database was changed.${file}`;
  }
  switch (operation.changed) {
    case "nothing":
      return "Nothing was changed.";
    case "everything":
      return operation.undoes ? "The restore was undone." : "The database was restored.";
    case "unknown":
      return "It is not known yet whether the database was restored. You will see it here as soon as it is known.";
    default:
      throw operation.changed satisfies never;
  }
}

const MOST = 0.99;

/** Completed share of all rows, from 0 to 0.99. Null before the plan is known. */
export function fractionOf({ progress }: Operation | ListedOperation): number | null {
  if (!progress || ("tables" in progress && progress.tables.length === 0)) return null;
  const { rows, totalRows } = "tables" in progress ? sumProgress(progress) : progress;
  if (rows === null || totalRows === null) return null;
  // The last row is not the end: keys, sequences and the commit follow, or the archive's manifest.
  return totalRows === 0 ? MOST : Math.min(MOST, rows / totalRows);
}

/**
 * The text for screen readers during an operation. It changes only at each tenth, at 99% and at each phase, so that it
 * can be followed.
 */
export function announcementOf(operation: Operation): string {
  if (isEnded(operation.state)) {
    return `${stateLabel(operation)}. ${truthOf(operation)}`;
  }
  if (operation.state !== "running") return stateLabel(operation);
  const phase = phaseLabel(operation, operation.progress.phase);
  const fraction = fractionOf(operation);
  if (fraction === null) return `${stateLabel(operation)}: ${phase}`;
  // What is shown for the longest: all rows are done, and the rest of the work is not.
  const tenth = fraction === MOST ? MOST : Math.floor(fraction * 10) / 10;
  return `${stateLabel(operation)}: ${phase}, ${formatPercent(tenth)}`;
}
