/** Makes a manifest for a backup without one: from its files alone, and as it fits a database. Pure. */

import type { Catalog } from "../../schema/catalog.ts";
import { largestNumber } from "../../schema/number-column.ts";
import { MIGRATIONS_TABLE, modelName, type PrismaModels } from "../../schema/prisma-models.ts";
import { type SequenceUser, usersOf } from "../../schema/sequence-users.ts";
import type { Warning } from "../../shared/api.ts";
import { formatSome } from "../../shared/format.ts";
import { tableKey, tableLabel } from "../../shared/table-name.ts";
import { summariseWarnings } from "../../shared/warnings.ts";
import type { Manifest, ManifestTable } from "../manifest.ts";
import { tableLosses } from "./losses.ts";
import { type MatchedColumn, matchColumns } from "./match-columns.ts";
import { type MatchedTable, matchTables } from "./match-tables.ts";
import { countOwnRows, descendantsOf, rowsOf } from "./own-rows.ts";
import type { ScannedFile } from "./scan-file.ts";

const TOOL = "@vorlefan/prisma-backup";

/** How a table's rows are read: as in the files, or converted to a database's columns. */
export interface TablePlan extends MatchedTable {
  /** Null: as in the files. */
  columns: MatchedColumn[] | null;
  /** Tables that inherit from this one, at any depth. Its files contain their rows too. */
  descendants: TablePlan[];
}

export interface PlannedManifest {
  manifest: Manifest;
  plans: Map<string, TablePlan>;
}

export interface ScannedOriginal {
  files: readonly ScannedFile[];
  encryption: Manifest["encryption"];
  warnings: Warning[];
}

/** Before the database is known: each file is a table in the schema "public". */
export function plainManifest(original: ScannedOriginal): PlannedManifest {
  const { files } = original;
  const plans = files.map((file) => ({
    schema: "public",
    name: file.tableName ?? file.name,
    table: null,
    files: [file],
    columns: null,
    descendants: [],
  }));
  const tables = plans.map((plan) =>
    describe(plan, { model: null, columns: [], rows: rowsOf(plan) }),
  );
  return withTables(tables, plans, { ...original, sequences: [] });
}

/** @throws ARCHIVE_INVALID if two files or keys belong to the same table or column */
export function fittedManifest(
  original: ScannedOriginal,
  catalog: Catalog,
  models: PrismaModels,
): PlannedManifest {
  const { matched, warnings: tableWarnings } = matchTables(original.files, catalog, models);
  const warnings = [...original.warnings, ...tableWarnings];
  const plans = new Map<MatchedTable, TablePlan>();
  const tables: ManifestTable[] = [];
  for (const it of matched) {
    const { columns, described, warnings: columnWarnings } = matchColumns(it, models);
    plans.set(it, { ...it, columns, descendants: [] });
    tables.push(
      describe(it, {
        model: modelName(models, it),
        columns: described,
        rows: countOwnRows(it, matched),
      }),
    );
    if (it.table && it.name !== MIGRATIONS_TABLE) {
      warnings.push(...columnWarnings, ...tableLosses(it, columns));
    }
  }
  for (const [it, plan] of plans) {
    plan.descendants = descendantsOf(it, matched).flatMap((child) => plans.get(child) ?? []);
  }
  warnings.push(...missingTables(matched, catalog));
  const restored = new Set(
    matched.filter(({ table, name }) => table && name !== MIGRATIONS_TABLE).map(tableKey),
  );
  return withTables(tables, [...plans.values()], {
    ...original,
    warnings,
    sequences: startsOf(catalog, restored),
  });
}

const NAMED = 5;

/** Nothing else reveals that a file was lost, or was never written because the original failed before. */
function missingTables(matched: readonly MatchedTable[], catalog: Catalog): Warning[] {
  const found = new Set([...matched, ...catalog.platformRelations].map((table) => tableKey(table)));
  const missing = catalog.tables.filter(
    (table) => table.name !== MIGRATIONS_TABLE && !found.has(tableKey(table)),
  );
  if (missing.length === 0) return [];
  const some = formatSome(missing.map(tableLabel), ", ", NAMED);
  const message = `The backup has no file of ${some}: their rows stay as they are.`;
  return [{ code: "ORIGINAL_TABLES_MISSING", message }];
}

function describe(
  { schema, name, table, files }: MatchedTable,
  { model, columns, rows }: Pick<ManifestTable, "model" | "columns" | "rows">,
): ManifestTable {
  const [file] = files;
  return {
    schema,
    name,
    model,
    kind: table?.kind ?? "table",
    columns,
    rows,
    jsonBytes: files.reduce((sum, { jsonBytes }) => sum + jsonBytes, 0),
    // Converted rows have no stored digest. The file itself is compared with its first reading.
    jsonSha256: "",
    entry: file?.entry ?? "",
    storedBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    storedSha256: file?.sha256 ?? "",
  };
}

/**
 * The original stored no sequence states. The sequences start again, and a restore raises them to their columns'
 * extremes. A sequence whose columns contain other values than its numbers has no extreme, and keeps its state.
 */
function startsOf(catalog: Catalog, restored: ReadonlySet<string>): Manifest["sequences"] {
  const tables = new Map(catalog.tables.map((table) => [tableKey(table), table]));
  const isNumber = ({ table, column, isPlain }: SequenceUser) => {
    const found = tables.get(tableKey(table))?.columns.find(({ name }) => name === column);
    return isPlain && found !== undefined && largestNumber(found) !== null;
  };
  return catalog.sequences.flatMap((sequence) => {
    const { schema, name, owner, start } = sequence;
    const users = usersOf(sequence);
    if (!users.every(isNumber) || !users.some(({ table }) => restored.has(tableKey(table))))
      return [];
    return [
      {
        schema,
        name,
        ownerTable: owner?.table ?? null,
        ownerColumn: owner?.column ?? null,
        lastValue: String(start),
        isCalled: false,
      },
    ];
  });
}

function withTables(
  tables: ManifestTable[],
  plans: TablePlan[],
  { files, warnings, ...known }: ScannedOriginal & Pick<Manifest, "sequences">,
): PlannedManifest {
  return {
    manifest: {
      formatVersion: null,
      createdAt: null,
      tool: TOOL,
      database: null,
      schemaFingerprint: null,
      migrations: files.flatMap(({ migrations }) => migrations),
      insertionOrder: { components: [], edges: [] },
      tables,
      warnings: summariseWarnings(warnings),
      ...known,
    },
    plans: new Map(plans.map((plan) => [plan.files[0]?.entry ?? "", plan])),
  };
}
