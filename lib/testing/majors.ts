import type { Major } from "../../scripts/postgres-package.ts";
import { SCOPE } from "./scope.ts";

const SUPPORTED: readonly Major[] = [15, 16, 17, 18];

const named = SCOPE.majors.split(",");

/** The versions of PostgreSQL that tests run on: the oldest and the newest, or those that `POSTGRES_MAJORS` names. */
export const MAJORS: readonly Major[] = SUPPORTED.filter((major) => named.includes(String(major)));
if (MAJORS.length === 0) throw new Error("POSTGRES_MAJORS names no version that is supported.");

/** Those and the oldest and the newest, which some tests are of alone. */
export const STARTED: readonly Major[] = SUPPORTED.filter(
  (major) => major === 15 || major === 18 || MAJORS.includes(major),
);

/** From each version to each newer one, as far as `MAJORS` has one of them. */
export const UPGRADES = STARTED.flatMap((from) =>
  STARTED.filter((to) => to > from && (MAJORS.includes(from) || MAJORS.includes(to))).map(
    (to) => [from, to] as const,
  ),
);
