import type pg from "pg";
import { ownSettings } from "../../postgres/connection/own-settings.ts";
import { quoteTable } from "../../postgres/identifiers.ts";
import type { CatalogTable } from "../../schema/catalog.ts";

const PROBE = { schema: "pg_temp", name: "prisma_backup_admin_probe" };

/**
 * Ends the transaction of a failed load, whose locks are no longer needed, and works with an empty temporary table of
 * the same structure. The table is removed afterwards.
 *
 * @param including the properties to copy. Never the defaults, because they would advance a sequence.
 */
export async function withProbeTable<Result>(
  client: pg.ClientBase,
  table: CatalogTable,
  including: ReadonlyArray<"CONSTRAINTS" | "GENERATED" | "INDEXES">,
  work: (probe: CatalogTable) => Promise<Result>,
): Promise<Result> {
  const like = [quoteTable(table), ...including.map((it) => `INCLUDING ${it}`)].join(" ");
  await client.query("ROLLBACK");
  try {
    await client.query(
      `BEGIN; SET CONSTRAINTS ALL IMMEDIATE; CREATE TEMPORARY TABLE ${PROBE.name} (LIKE ${like}); ${ownSettings(client)}`,
    );
    return await work({ ...table, ...PROBE });
  } finally {
    await client.query("ROLLBACK");
  }
}
