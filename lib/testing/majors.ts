import type { Major } from "../../scripts/postgres-package.ts";

const SUPPORTED: readonly Major[] = [15, 16, 17, 18];

const { POSTGRES_MAJORS = "15,18" } = process.env;

/** The versions of PostgreSQL that tests run on: the oldest and the newest, or those that `POSTGRES_MAJORS` names. */
export const MAJORS: readonly Major[] = SUPPORTED.filter((major) =>
  POSTGRES_MAJORS.split(",").includes(String(major)),
);
if (MAJORS.length === 0) throw new Error("POSTGRES_MAJORS names no version that is supported.");
