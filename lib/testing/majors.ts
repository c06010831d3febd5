import type { Major } from "../../scripts/postgres-package.ts";
import { SCOPE } from "./scope.ts";

const SUPPORTED: readonly Major[] = [15, 16, 17, 18];

const named = SCOPE.majors.split(",");

/** The versions of PostgreSQL that tests run on: those of the scope, or those named in `POSTGRES_MAJORS`. */
export const MAJORS: readonly Major[] = SUPPORTED.filter((major) => named.includes(String(major)));
if (MAJORS.length === 0) throw new Error("POSTGRES_MAJORS names no version that is supported.");

/** The same plus the oldest and the newest, because some tests need exactly one of these. */
export const STARTED: readonly Major[] = SUPPORTED.filter(
  (major) => major === 15 || major === 18 || MAJORS.includes(major),
);

/** Pairs of each version with each newer one, if `MAJORS` contains one of the two. */
export const UPGRADES = STARTED.flatMap((from) =>
  STARTED.filter((to) => to > from && (MAJORS.includes(from) || MAJORS.includes(to))).map(
    (to) => [from, to] as const,
  ),
);
