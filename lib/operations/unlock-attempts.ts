/**
 * Limits how often a passphrase or private key may be tried. Attempts are counted in the database, so the limit holds
 * for all processes of the app together. They are counted before the try, so a hundred concurrent ones count, too.
 */
import { BackupError } from "../errors.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { OWN_SCHEMA } from "../schema/user-objects.ts";
import { queryOperations } from "./operations-schema.ts";

const TABLE = `${OWN_SCHEMA}.unlock_attempts`;

/** Wrong attempts for one upload. The upload is removed after that. */
export const MAX_ATTEMPTS_PER_UPLOAD = 10;
/** Wrong attempts of one person within the window below, for all uploads together. Other people are not affected. */
const MAX_ATTEMPTS_PER_PERSON = 20;
const PERSON_WINDOW_MS = 15 * 60 * 1000;
/** Longer than an upload is kept. */
const FORGET_MS = 30 * 24 * 60 * 60 * 1000;

/** An attempt that has been counted. Take it back if it was right. */
export interface UnlockAttempt {
  /** Whether the upload has no attempts left after this one. */
  isLastOfUpload: boolean;
  takeBack(): Promise<void>;
}

/**
 * Counts an attempt.
 *
 * @param tried.uploadId null for a safety backup: it belongs to no single person, so only the person's attempts count
 * @throws TOO_MANY_ATTEMPTS
 */
export async function countUnlockAttempt(
  database: Database,
  { uploadId, personId }: { uploadId: string | null; personId: string },
): Promise<UnlockAttempt> {
  const person = await count(
    database,
    `person ${personId}`,
    MAX_ATTEMPTS_PER_PERSON,
    PERSON_WINDOW_MS,
  );
  if (!person) throw await tooMany(database, `person ${personId}`);
  if (uploadId === null) return { isLastOfUpload: false, takeBack: () => person.takeBack() };
  const upload = await count(database, `upload ${uploadId}`, MAX_ATTEMPTS_PER_UPLOAD, FORGET_MS);
  if (!upload) {
    await person.takeBack();
    throw new BackupError(
      "TOO_MANY_ATTEMPTS",
      "There are too many attempts for this backup at once.",
      {
        hint: "Upload the backup again.",
      },
    );
  }
  return {
    isLastOfUpload: upload.attempts === MAX_ATTEMPTS_PER_UPLOAD,
    async takeBack() {
      await person.takeBack();
      await upload.takeBack();
    },
  };
}

/** Counts one more attempt within the past `windowMs`. Null if that exceeds `max`. Concurrent attempts all count. */
async function count(database: Database, subject: string, max: number, windowMs: number) {
  const [row] = await queryOperations<{ at: string; attempts: string }>(
    database,
    `WITH forgotten AS (
       DELETE FROM ${TABLE}
       WHERE subject <> $1 AND attempted_at[cardinality(attempted_at)] < clock_timestamp() - $4 * interval '1 millisecond')
     INSERT INTO ${TABLE} AS counted (subject, attempted_at) VALUES ($1, ARRAY[clock_timestamp()])
     ON CONFLICT (subject) DO UPDATE SET attempted_at = ARRAY(
         SELECT at FROM unnest(counted.attempted_at) at
         WHERE at > clock_timestamp() - $3 * interval '1 millisecond' ORDER BY at) || clock_timestamp()
       WHERE (SELECT count(*) FROM unnest(counted.attempted_at) at
         WHERE at > clock_timestamp() - $3 * interval '1 millisecond') < $2
     RETURNING attempted_at[cardinality(attempted_at)]::text AS at, cardinality(attempted_at)::text AS attempts`,
    [subject, max, windowMs, FORGET_MS],
  );
  if (!row) return null;
  return {
    attempts: Number(row.attempts),
    async takeBack() {
      await queryOperations(
        database,
        `UPDATE ${TABLE} SET attempted_at = array_remove(attempted_at, $2::timestamptz) WHERE subject = $1`,
        [subject, row.at],
      );
    },
  };
}

async function tooMany(database: Database, subject: string): Promise<BackupError> {
  const [row] = await queryOperations<{ seconds: string }>(
    database,
    `SELECT ceil(extract(epoch FROM attempted_at[1] - clock_timestamp()) + $2 / 1000.0)::text AS seconds
     FROM ${TABLE} WHERE subject = $1`,
    [subject, PERSON_WINDOW_MS],
  );
  const retryAfterSeconds = Math.max(1, Number(row?.seconds ?? 1));
  return new BackupError(
    "TOO_MANY_ATTEMPTS",
    `You have tried ${MAX_ATTEMPTS_PER_PERSON} wrong passphrases or private keys in ${PERSON_WINDOW_MS / 60_000} minutes. This one was not tried.`,
    {
      hint: `Look for the right one, and try again in ${Math.ceil(retryAfterSeconds / 60)} minutes. The upload is kept.`,
      details: { retryAfterSeconds },
    },
  );
}
