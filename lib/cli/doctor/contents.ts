import type pg from "pg";
import type { Catalog } from "../../schema/catalog.ts";
import { tableLabel } from "../../shared/table-name.ts";
import { type Finding, findingsOf, type Level } from "./finding.ts";

/** What the catalog warns of: how bad it is, in a few words, and what to do. */
const LEFT_OUT: Record<string, { level: Level; what: string; remedy: string }> = {
  LARGE_OBJECTS: {
    level: "warning",
    what: "Large objects are not in a backup.",
    remedy: "Back them up by pg_dump as well, or move them into bytea columns.",
  },
  FOREIGN_TABLE: {
    level: "warning",
    what: "Foreign tables: their rows are on other servers and not in a backup.",
    remedy: "Back up these servers as well.",
  },
  FOREIGN_PARTITION: {
    level: "warning",
    what: "Partitions on other servers: their rows are not in a backup.",
    remedy: "Back up these servers as well.",
  },
  EXTENSION_TABLE: {
    level: "note",
    what: "Tables of extensions are not in a backup.",
    remedy:
      "Where rows in them are yours, as the jobs of pg_cron, keep a script that makes them anew.",
  },
  UNLOGGED_TABLE: {
    level: "note",
    what: "Unlogged tables are in a backup, but PostgreSQL itself empties them after a crash.",
    remedy: "Where their rows matter: ALTER TABLE … SET LOGGED.",
  },
  MATERIALIZED_VIEW: {
    level: "note",
    what: "Materialised views are not in a backup: a restore computes them anew.",
    remedy: "Nothing needs to be done.",
  },
};

/** What is in the database that a backup does not hold, or that another database needs for it. */
export async function checkContents(client: pg.ClientBase, catalog: Catalog): Promise<Finding[]> {
  const findings = findingsOf("Database");
  const { found, ok } = findings;
  const byCode = Map.groupBy(
    catalog.warnings.filter(({ code }) => code in LEFT_OUT),
    ({ code }) => code,
  );
  for (const [code, warnings] of byCode) {
    const kind = LEFT_OUT[code];
    if (!kind || kind.level === "ok") continue;
    findings[kind.level](
      code,
      kind.what,
      kind.remedy,
      warnings.map(({ message, table }) => (table ? tableLabel(table) : message)),
    );
  }
  const invalid = catalog.warnings.filter(({ code }) => code === "INVALID_INDEX");
  if (invalid.length > 0) {
    findings.warning(
      "INVALID_INDEX",
      "INVALID indexes that may refuse the rows of a restore into this database.",
      "Drop each, or build it anew: REINDEX INDEX CONCURRENTLY ….",
      invalid.map(({ message }) => message),
    );
  }
  if (byCode.size === 0) ok("CONTENTS", "All that the database holds is in a backup.");

  const { rows } = await client.query<{ name: string }>(
    "SELECT extname || ' ' || extversion AS name FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY 1",
  );
  if (rows.length > 0) {
    findings.note(
      "EXTENSIONS",
      `Extensions: ${rows.map(({ name }) => name).join(", ")}.`,
      "Another database that a backup is restored into needs them before: CREATE EXTENSION, or your migrations.",
    );
  }
  return found;
}
