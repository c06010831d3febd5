import pg from "pg";
import type { Config } from "../config.ts";
import type { BackupError } from "../errors.ts";
import { toBackupError } from "../to-backup-error.ts";

/**
 * Logs what only the operator can do something about. Messages and stacks only: an error of PostgreSQL has row values
 * among its other properties; and where its message may name one, no message either. Never throws, whatever was thrown:
 * what is reported on goes on.
 */
export function logError({ logger }: Pick<Config, "logger">, what: string, thrown: unknown): void {
  const error = toBackupError(thrown);
  if (error.status < 500) return;
  try {
    logger.error(`prisma-backup-admin: ${what}: ${error.code}: ${describe(error)}`);
  } catch {
    // The app's own logger fails: nobody is left to be told.
  }
}

function describe(error: BackupError): string {
  try {
    return withCauses(error);
  } catch {
    // An app may throw what cannot be made a text.
    return error.message;
  }
}

function withCauses(error: BackupError): string {
  const parts: string[] = [error.message];
  let cause = error.cause;
  while (cause !== undefined && parts.length < 5) {
    parts.push(cause instanceof Error ? describeCause(cause) : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return parts.join("\ncaused by: ");
}

/** What a value or a row was refused for, or a function of the users' has raised. */
const NAMES_VALUES = /^(?:22|23|P0)/;

function describeCause(cause: Error): string {
  const { stack = cause.message } = cause;
  if (!(cause instanceof pg.DatabaseError) || !NAMES_VALUES.test(cause.code ?? "")) return stack;
  const frames = stack.indexOf("\n    at ");
  return `PostgreSQL's error ${cause.code}, whose message may name a value${frames === -1 ? "" : stack.slice(frames)}`;
}
