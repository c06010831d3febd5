import type pg from "pg";
import { insertionOrderOf } from "../plan/dump-plan.ts";
import { leftToPlatforms, platformWarnings } from "../plan/platform-schemas.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { countRows } from "../postgres/count-rows.ts";
import { whyUnreadable } from "../postgres/errors/damage.ts";
import { findPrismaDrift } from "../schema/drift.ts";
import { modelName, type PrismaModels } from "../schema/prisma-models.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import type { Overview, TableName, Warning } from "../shared/api.ts";
import { nameOf, tableLabel } from "../shared/table-name.ts";
import { countExtensionRows, withExtensionRows } from "./rows-not-in-backup.ts";

/** What a person sees of the database before a backup. @throws BackupError DATABASE_UNREACHABLE */
export async function readOverview(
  database: Database,
  models: PrismaModels,
): Promise<Omit<Overview, "limits" | "policy" | "actor">> {
  const client = await database.connect("overview");
  try {
    const catalog = await readCatalog(client);
    const counts = await countRows(client, catalog.tables);
    const { relations, platformOf } = leftToPlatforms(catalog);
    const { name, serverVersion, sizeBytes, encoding, isStandby } = catalog.database;
    return {
      database: { name, server: database.server, serverVersion, sizeBytes, encoding, isStandby },
      tables: [...counts].map(([table, { rows, isExact, error }]) => ({
        ...nameOf(table),
        model: modelName(models, table),
        kind: table.kind,
        platform: platformOf(table),
        rows,
        rowsAreExact: isExact,
        isReadable: !table.isOnPrimaryOnly && !error,
        sizeBytes: table.sizeBytes,
        columns: table.columns.length,
      })),
      insertionOrder: insertionOrderOf(catalog, models, catalog.tables),
      warnings: [
        ...platformWarnings(relations, "a backup"),
        ...[...counts].flatMap(([table, { error }]) =>
          error && !platformOf(table) ? unreadableWarning(table, error) : [],
        ),
        ...withExtensionRows(
          catalog,
          catalog.warnings.filter(({ table }) => !table || !platformOf(table)),
          await countExtensionRows(client, catalog),
        ),
      ],
      drift: findPrismaDrift(models, catalog),
    };
  } finally {
    await client.end();
  }
}

const unreadableWarning = (table: TableName, error: pg.DatabaseError): Warning => ({
  code: "UNREADABLE_TABLE",
  message: `${tableLabel(table)} cannot be read: ${whyUnreadable(error)}. Leave it out of a backup to back up the other tables.`,
  table: nameOf(table),
});
