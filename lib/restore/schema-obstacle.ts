import { BackupError } from "../errors.ts";
import { whatToLeaveOut } from "../plan/exclusion.ts";
import type { LoadPlan } from "../plan/load-plan.ts";
import { tablesOf } from "../postgres/load.ts";
import type { Drift } from "../shared/api.ts";
import { formatNoun } from "../shared/format.ts";
import { subjectOf, summariseDrift } from "../shared/summarise-drift.ts";

/** Maximum number of differences in an error's details, and of remedies in its hint. */
const MAX_DRIFT = 1000;
const MAX_REMEDIES = 5;

/** Returns SCHEMA_DRIFT if the database's tables cannot take the archive's rows. The error's size is limited. */
export function findSchemaObstacle({ drift, loads, scope }: LoadPlan): BackupError | null {
  const blocking = drift.filter(({ blocks }) => blocks);
  if (blocking.length === 0) return null;
  const missing = blocking.filter(({ kind }) => kind === "table-missing").map(({ table }) => table);
  const isWhole = !scope.tables && !scope.rows && !scope.exclude;
  const hasNone = loads.length === 0 && missing.length > 1;
  const what = hasNone
    ? `This database has none of ${isWhole ? "the backup's" : "the chosen"} ${formatNoun(missing.length, "table")}.`
    : `This database's schema differs from the backup's: ${summariseDrift(blocking)
        .map(({ message }) => message)
        .join(" ")}`;
  return new BackupError("SCHEMA_DRIFT", `${what} Nothing was changed.`, {
    hint: hasNone ? NO_TABLES : remediesOf(blocking),
    details: {
      drift: blocking.slice(0, MAX_DRIFT),
      ...(blocking.length > MAX_DRIFT && { differences: blocking.length }),
      ...whatToLeaveOut(missing, [...tablesOf(loads), ...missing]),
    },
  });
}

const NO_TABLES =
  "Is it the right database? If it is, make its tables first: with `prisma migrate deploy`, or by the migrations that the backup lists. Then restore.";

const BRING_BACK =
  "Bring the database to the schema of the time of the backup (its migrations are listed in the backup), restore, then migrate forward.";

/** Lists each remedy once. If there are several, each with what it is for. */
function remediesOf(blocking: readonly Drift[]): string {
  const byRemedy = Map.groupBy(blocking, ({ remedy = BRING_BACK }) => remedy);
  const [only] = byRemedy.keys();
  if (byRemedy.size === 1 && only !== undefined) return only;
  const remedies = [...byRemedy]
    .slice(0, MAX_REMEDIES)
    .map(([remedy, drift]) => `${subjectOf(drift)}: ${remedy}`);
  return [...remedies, ...(byRemedy.size > MAX_REMEDIES ? [BRING_BACK] : [])].join(" ");
}
