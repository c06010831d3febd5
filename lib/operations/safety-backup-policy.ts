/** How many safety backups are kept, and for how long. No other module decides it. */
import type { Config } from "../config.ts";
import type { SafetyBackup } from "../shared/api.ts";

/** Those of the newest restores are kept. */
export const KEPT = 3;

/** Adds the time until which it is kept, and unsets `isKept` after that time, even for one of the newest restores. */
export function withKeptUntil(
  stored: StoredSafetyBackup,
  { safetyBackupMaxAgeMs }: Pick<Config, "safetyBackupMaxAgeMs">,
): SafetyBackup {
  const keptUntil = Date.parse(stored.createdAt) + safetyBackupMaxAgeMs;
  const isKept = stored.isKept && Date.now() < keptUntil;
  return { ...stored, isKept, keptUntil: new Date(keptUntil).toISOString() };
}

/** The time is computed from the current options, not those from when the backup was made. */
export type StoredSafetyBackup = Omit<SafetyBackup, "keptUntil">;
