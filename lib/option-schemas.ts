/** What the options of `createBackupAdmin` and of the two classes are checked by. */
import type pg from "pg";
import { z } from "zod";

/** The maximum of a Node timer and of a PostgreSQL timeout, in milliseconds: 24 days. */
const MAX_MS = 2 ** 31 - 1;
export const milliseconds = (minimum: 0 | 1) =>
  z.int(`must be whole milliseconds, ${minimum} at least`).min(minimum).max(MAX_MS);

export const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;

export const functionOf = <T>(message = "must be a function") =>
  z.custom<T>((value) => typeof value === "function", message);

export const poolSchema = z.custom<pg.PoolConfig>(
  isObject,
  "must be settings as pg.Pool takes them",
);

/** Says which options are wrong, and never their values. */
export const describeIssues = (error: z.ZodError | undefined): string[] =>
  (error?.issues ?? []).map(({ path, message }) =>
    path.length === 0 ? message : `\`${path.join(".")}\` ${message}`,
  );
