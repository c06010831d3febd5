import type pg from "pg";
import type { BackupError } from "../../errors.ts";
import {
  describeForeign,
  foreignRemedy,
  inspectOwnSchema,
} from "../../operations/schema-owners.ts";
import { requireAllRows, requireReadable } from "../../plan/dump-plan.ts";
import { planLoad } from "../../plan/plan-load.ts";
import { leftToPlatforms } from "../../plan/platform-schemas.ts";
import { isStandby } from "../../postgres/errors/standby.ts";
import { readUntrustedCode } from "../../postgres/untrusted-code.ts";
import { findObstacles } from "../../restore/require-loadable.ts";
import type { Catalog } from "../../schema/catalog.ts";
import { NO_PRISMA_MODELS } from "../../schema/prisma-models.ts";
import { OWN_SCHEMA } from "../../schema/user-objects.ts";
import type { TableName } from "../../shared/api.ts";
import { formatNoun } from "../../shared/format.ts";
import { leaveOutIn } from "../../shared/leave-out.ts";
import { tableLabel } from "../../shared/table-name.ts";
import { remedyLines } from "../remedy-lines.ts";
import { type Finding, findingsOf } from "./finding.ts";

/** Checks that the role has every right that a backup or restore of all tables needs. */
export async function checkRights(client: pg.ClientBase, catalog: Catalog): Promise<Finding[]> {
  const { found, ok, warning, problem } = findingsOf("Database");
  const { database } = catalog;
  const { platformOf } = leftToPlatforms(catalog);
  const isApps = (it: TableName) => !platformOf(it);
  const sequences = catalog.sequences.filter(isApps);
  // Another check reports the tables that exist only on the primary.
  const tables = catalog.tables.filter((it) => isApps(it) && !it.isOnPrimaryOnly);
  if (!catalog.tables.some(isApps)) {
    problem(
      "NO_TABLES",
      "The database has no tables: there is nothing to back up.",
      "Apply your migrations first: npx prisma migrate deploy",
    );
    return found;
  }
  const refuse = (code: string, purpose: string, { message, hint, details }: BackupError) =>
    problem(
      code,
      `${purpose}: ${withoutOutcome(message)}`,
      remedyLines(
        hint ?? "Grant the missing right to the role, or make it the owner of these tables.",
        leaveOutIn(details),
      ).join(" "),
    );

  const backup = [() => requireReadable(tables, sequences), () => requireAllRows(tables)].flatMap(
    errorOf,
  );
  for (const error of backup) refuse("BACKUP_RIGHTS", "No backup is possible", error);
  if (backup.length === 0)
    ok("BACKUP_RIGHTS", `The role may read all ${formatNoun(tables.length, "table")}, whole.`);
  // On a standby, a restore and the page are impossible, whatever rights the role has.
  if (database.isStandby) return found;

  const plan = planLoad(archiveOf({ tables, sequences }), catalog, NO_PRISMA_MODELS);
  const untrusted = await readUntrustedCode(client, plan.loads);
  const restore = findObstacles({ ...plan, untrusted }).filter(
    // The backup's checks have already reported the others.
    ({ message }) =>
      !backup.some((error) => withoutOutcome(error.message) === withoutOutcome(message)),
  );
  for (const error of restore) refuse("RESTORE_RIGHTS", "No restore is possible", error);
  if (restore.length === 0 && backup.length === 0)
    ok("RESTORE_RIGHTS", "The role owns every table and sequence that a restore replaces.");

  const stale = plan.materializedViews.filter(({ canRefresh }) => !canRefresh);
  if (stale.length > 0) {
    warning(
      "MATERIALIZED_VIEW_RIGHTS",
      "The role may not refresh some materialised views. After a restore they would show their earlier rows.",
      "Make the role their owner, or a member of it, or have their owner refresh them after a restore.",
      stale.map(tableLabel),
    );
  }
  return found;
}

/** Checks that the role may store the page's operations. */
export async function checkRecording(client: pg.ClientBase): Promise<Finding[]> {
  const { found, ok, problem } = findingsOf("Database");
  const own = await inspectOwnSchema(client);
  for (const foreign of own.foreign)
    problem("OPERATIONS", describeForeign(foreign), foreignRemedy(foreign, own.role));
  if (own.foreign.length > 0 || (await isStandby(client))) return found;
  if (await mayRecord(client))
    ok("OPERATIONS", `Operations can be recorded in the schema ${OWN_SCHEMA}.`);
  else {
    problem(
      "OPERATIONS",
      `The role may not create or use the schema ${OWN_SCHEMA}, in which the page records operations.`,
      `As the database's owner, run once: CREATE SCHEMA ${OWN_SCHEMA} AUTHORIZATION the_role_of_this_app;`,
    );
  }
  return found;
}

function errorOf(check: () => void): BackupError[] {
  try {
    check();
    return [];
  } catch (error) {
    return [error as BackupError];
  }
}

/** Removes the sentence about the outcome, because the doctor starts nothing that could change something. */
const withoutOutcome = (message: string): string =>
  message.replace(/ (?:No backup was made|Nothing was changed)\.$/, "");

/** Makes the archive that a backup of this database would contain, with the parts that a restore's plan reads. */
function archiveOf({
  tables,
  sequences,
}: Pick<Catalog, "tables" | "sequences">): Parameters<typeof planLoad>[0] {
  return {
    tables: tables.map(({ schema, name, kind, columns }) => ({
      schema,
      name,
      kind,
      model: null,
      columns: columns.filter(({ generated }) => !generated),
      rows: 0,
      jsonBytes: 0,
      jsonSha256: "",
      entry: "",
      storedBytes: 0,
      storedSha256: "",
    })),
    sequences: sequences.map(({ schema, name, owner }) => ({
      schema,
      name,
      ownerTable: owner?.table ?? null,
      ownerColumn: owner?.column ?? null,
      lastValue: "1",
      isCalled: false,
    })),
  };
}

const RECORD_SQL = `
  SELECT CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
    ELSE has_schema_privilege(n.oid, 'USAGE') AND coalesce(
      (SELECT bool_and(has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
          AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
        FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind = 'r'),
      has_schema_privilege(n.oid, 'CREATE')) END AS may
  FROM (SELECT) x LEFT JOIN pg_namespace n ON n.nspname = $1`;

async function mayRecord(client: pg.ClientBase): Promise<boolean> {
  return (await client.query<{ may: boolean }>(RECORD_SQL, [OWN_SCHEMA])).rows[0]?.may === true;
}
