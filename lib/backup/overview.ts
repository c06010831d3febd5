import { insertionOrderOf } from "../plan/dump-plan.ts";
import { leftToPlatforms, platformWarnings } from "../plan/platform-schemas.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { countRows, type RowCount } from "../postgres/count-rows.ts";
import { whyUnreadable } from "../postgres/errors/damage.ts";
import { findPrismaDrift } from "../schema/drift.ts";
import { modelName, type PrismaModels } from "../schema/prisma-models.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import type { Overview, TableName, Warning } from "../shared/api.ts";
import { tableLabel } from "../shared/table-name.ts";
import { countExtensionRows, withExtensionRows } from "./left-out-rows.ts";

/**
 * Reads what a person sees of the database before a backup. Changes nothing. @throws BackupError DATABASE_UNREACHABLE
 */
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
      tables: catalog.tables.map((table, index) => ({
        schema: table.schema,
        name: table.name,
        model: modelName(models, table),
        kind: table.kind,
        ...ofPlatform(platformOf(table)),
        rows: counts[index]?.rows ?? 0,
        rowsAreExact: counts[index]?.isExact ?? false,
        isReadable: !table.isOnPrimaryOnly && !counts[index]?.error,
        sizeBytes: table.sizeBytes,
        columns: table.columns.length,
      })),
      insertionOrder: insertionOrderOf(catalog, models, catalog.tables),
      warnings: [
        ...platformWarnings(relations, "a backup"),
        ...catalog.tables.flatMap((table, index) =>
          platformOf(table) ? [] : unreadableWarning(table, counts[index]),
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

const unreadableWarning = ({ schema, name }: TableName, count?: RowCount): Warning[] =>
  count?.error
    ? [
        {
          code: "UNREADABLE_TABLE",
          message: `${tableLabel({ schema, name })} cannot be read: ${whyUnreadable(count.error)}. Leave it out of a backup to back up the other tables.`,
          table: { schema, name },
        },
      ]
    : [];

const ofPlatform = (platform: string | undefined) => (platform === undefined ? {} : { platform });
