import type pg from "pg";
import { countExtensionRows } from "../../backup/rows-not-in-backup.ts";
import { describeSchemas, leftToPlatforms } from "../../plan/platform-schemas.ts";
import { quoteTable } from "../../postgres/identifiers.ts";
import type { Catalog, ExtensionTable } from "../../schema/catalog.ts";
import { describeCount } from "../../schema/extension-tables.ts";
import { finalizeStatement } from "../../schema/pending-detach.ts";
import { tableLabel } from "../../shared/table-name.ts";
import type { Level, Report } from "./finding.ts";

/** A kind of the catalog's warnings: how serious it is, a short text, and what to do. */
interface Kind {
  level: Exclude<Level, "ok">;
  what: string;
  remedy: string;
  code?: string;
}

const LEFT_OUT: Record<string, Kind> = {
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
  PARTITION_DETACH_PENDING: {
    level: "warning",
    what: "The detaching of a partition was interrupted: a SELECT from its table no longer shows its rows. A backup holds them, and a restore is refused.",
    remedy: "As the table's owner, run the statement above: it ends the detaching.",
  },
  PLATFORM_SCHEMAS: {
    level: "warning",
    what: "Schemas that the hosting platform keeps for itself are not in a backup, nor restored, unless they are chosen.",
    remedy:
      "If you need rows of them, such as the users that your tables refer to, choose them: --include SCHEMA or SCHEMA.NAME, or on the page.",
  },
  EXTENSION_TABLE: {
    level: "warning",
    what: "Tables of extensions hold rows that are not in a backup.",
    remedy:
      "If rows in them are yours, such as the jobs of pg_cron, keep a script that makes them again.",
  },
  UNIMPORTANT_EXTENSION_TABLE: {
    code: "EXTENSION_TABLE",
    level: "note",
    what: "Tables of extensions are not in a backup.",
    remedy: "You need to do nothing: they hold no rows, or none that the extension marks as yours.",
  },
  EXTENSION_SEQUENCE: {
    level: "note",
    what: "Sequences of extensions are not in a backup.",
    remedy: "If one of them matters, set it after a restore: SELECT setval(…).",
  },
  UNLOGGED_TABLE: {
    level: "note",
    what: "Unlogged tables are in a backup, but PostgreSQL itself empties them after a crash.",
    remedy: "If their rows matter: ALTER TABLE … SET LOGGED.",
  },
  UNLOGGED_ON_STANDBY: {
    level: "warning",
    what: "Unlogged tables: this standby has none of their rows, and so has no backup of it.",
    remedy: "Make the backup from the primary server, if their rows matter.",
  },
  MATERIALIZED_VIEW: {
    level: "note",
    what: "Materialised views are not in a backup. A restore refreshes them.",
    remedy: "Nothing needs to be done.",
  },
  UNREADABLE_NAME: {
    level: "problem",
    what: "Names with bytes that are no character in the database's encoding: a backup of all tables fails.",
    remedy: "Rename them. Each has its statement.",
  },
  INVALID_INDEX: {
    level: "warning",
    what: "INVALID indexes that may refuse the rows of a restore into this database.",
    remedy: "Drop each, or rebuild it: REINDEX INDEX CONCURRENTLY ….",
  },
};

/** The doctor says more about these than their names. */
const SAID_WITH_MORE = ["PARTITION_DETACH_PENDING", "EXTENSION_TABLE"];

/** Reports what the database contains that a backup does not. */
export async function checkContents(
  report: Report,
  client: pg.ClientBase,
  catalog: Catalog,
): Promise<void> {
  const { relations, platformOf } = leftToPlatforms(catalog);
  const tables = relations.filter(({ isTable }) => isTable);
  const details = [
    ...[...Map.groupBy(tables, (it) => it.platform)].map(([platform, its]) => ({
      code: "PLATFORM_SCHEMAS",
      detail: `${platform}: ${describeSchemas(its)}`,
    })),
    ...catalog.warnings
      .filter(({ code, table }) => !SAID_WITH_MORE.includes(code) && !(table && platformOf(table)))
      .map(({ code, message, table }) => ({
        code,
        detail: table && code !== "INVALID_INDEX" ? tableLabel(table) : message,
      })),
    ...catalog.pendingDetaches.map((it) => ({
      code: "PARTITION_DETACH_PENDING",
      detail: `${tableLabel(it.partition)}: ${finalizeStatement(it)}`,
    })),
    ...(await describeExtensionTables(client, catalog)),
  ];
  let isWhole = true;
  for (const [code, alike] of Map.groupBy(details, (it) => it.code)) {
    const kind = LEFT_OUT[code];
    if (!kind) continue;
    const names = alike.map(({ detail }) => detail);
    report[kind.level](kind.code ?? code, kind.what, kind.remedy, names);
    if (code !== "INVALID_INDEX") isWhole = false;
  }
  const { encoding } = catalog.database;
  if (encoding !== "UTF8") {
    report.note(
      "ENCODING",
      `The database's encoding is ${encoding}, not UTF8.`,
      encoding === "SQL_ASCII"
        ? "It takes all bytes. You can restore its backup into another encoding only if all bytes are UTF-8."
        : "You can restore its backup into UTF8. If you restore a backup of UTF8 into it, a character that it does not have makes the restore fail.",
    );
  }
  if (isWhole) report.ok("CONTENTS", "A backup holds everything in this database.");
}

/** Reports what another database needs for a restore. */
export async function checkExtensions({ note }: Report, client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT extname || ' ' || extversion AS name FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY 1",
  );
  if (rows.length > 0) {
    note(
      "EXTENSIONS",
      `Extensions: ${rows.map(({ name }) => name).join(", ")}.`,
      "Another database needs them before you restore a backup into it: CREATE EXTENSION, or your migrations.",
    );
  }
}

async function describeExtensionTables(
  client: pg.ClientBase,
  catalog: Catalog,
): Promise<Array<{ code: string; detail: string }>> {
  const described: Array<{ code: string; detail: string }> = [];
  for (const [table, count] of await countExtensionRows(client, catalog)) {
    const isEmpty = count.isExact && count.rows === 0;
    described.push({
      code:
        isEmpty || !(await mayHoldUserRows(client, table))
          ? "UNIMPORTANT_EXTENSION_TABLE"
          : "EXTENSION_TABLE",
      detail: `${tableLabel(table)} (${describeCount(count)})`,
    });
  }
  return described;
}

/** Queries, as pg_dump does, for rows that the extension marks as the user's. Most such tables have none. */
async function mayHoldUserRows(client: pg.ClientBase, table: ExtensionTable): Promise<boolean> {
  const { userRows, condition, isLocked } = table;
  if (userRows !== "some" || condition === null || isLocked) return true;
  try {
    const sql = `SELECT FROM ONLY ${quoteTable(table)} ${condition} LIMIT 1`;
    return (await client.query(sql)).rowCount !== 0;
  } catch {
    // The answer is unknown, for example if the role may not read the table.
    return true;
  }
}
