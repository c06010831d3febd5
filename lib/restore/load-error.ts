import { type ErrorPlace, translateDatabaseError } from "../postgres/errors/database-error.ts";

export const NOTHING_CHANGED = "Nothing was changed.";

/** Translates an error of a restore that is rolled back. */
export const translateLoadError = (error: unknown, place: Partial<ErrorPlace> = {}): unknown =>
  translateDatabaseError(error, { fallback: "LOAD_FAILED", outcome: NOTHING_CHANGED, ...place });
