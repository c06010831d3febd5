/** How many safety backups are kept, and for how long. Nothing else decides it. */
import type { Config } from "../config.ts";
import type { SafetyBackup } from "../shared/api.ts";

/** Of the newest restores. */
export const KEPT = 3;

/** As everybody may see it: kept by its number is not kept by its age. */
export function withKeptUntil(
  stored: StoredSafetyBackup,
  { safetyBackupMaxAgeMs }: Pick<Config, "safetyBackupMaxAgeMs">,
): SafetyBackup {
  const keptUntil = Date.parse(stored.createdAt) + safetyBackupMaxAgeMs;
  const isKept = stored.isKept && Date.now() < keptUntil;
  return { ...stored, isKept, keptUntil: new Date(keptUntil).toISOString() };
}

/** The time follows from the options, whatever they were when it was made. */
export type StoredSafetyBackup = Omit<SafetyBackup, "keptUntil">;
