import type { PlannedLoad } from "../plan/load-plan.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import type { RowKey } from "./row-keys.ts";

/** One table of a restore. */
export interface Load extends PlannedLoad {
  /** The table that receives the archive's rows: `table` itself, or a copy of it. */
  into: CatalogTable;
  /** Identifies a row of the table. Null if it has no key. */
  key: RowKey | null;
}

export interface KeyedLoad extends Load {
  key: RowKey;
}

export const isKeyed = <L extends Load>(load: L): load is L & KeyedLoad => load.key !== null;

export const keyColumns = ({ key }: Pick<Load, "key">): string[] => key?.columns ?? [];

/** OIDs of the tables and their partitions. */
export const oidsOf = (tables: ReadonlyArray<Pick<CatalogTable, "oid" | "partitions">>): number[] =>
  tables.flatMap(({ oid, partitions }) => [oid, ...partitions.map((partition) => partition.oid)]);

export const tablesOf = (loads: ReadonlyArray<Pick<Load, "table">>): CatalogTable[] =>
  loads.map(({ table }) => table);
