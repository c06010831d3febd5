/** What to do about rows that a table refuses, worded for both a trial run and a restore. */

import type pg from "pg";
import type { CatalogTable } from "../../schema/catalog.ts";
import { type DropStatement, dropStatementOf } from "../../schema/drop-statement.ts";
import type { TableName } from "../../shared/api.ts";
import { sqlName } from "../../shared/sql-name.ts";
import { RELATIONS, relationsOf } from "../row-keys.ts";
import { EXCLUSION_VIOLATION, hasSqlState, UNIQUE_VIOLATION } from "./sqlstate.ts";

export const dropRemedy = ({ sql, isValid }: DropStatement): string =>
  isValid
    ? `Drop it, restore, correct the rows, and add it again: ${sql}.`
    : `${sql} (it is INVALID, and yet refuses what is inserted; pg_dump leaves it out), then restore.`;

export const partitionRemedy = (table: TableName): string =>
  `Make a partition for these rows before the restore, or a default one: CREATE TABLE … PARTITION OF ${sqlName(table)} FOR VALUES …, or … DEFAULT.`;

/** How to drop the constraint or index that refused a row as not unique or excluded. Otherwise undefined. */
export async function findDropStatement(
  client: pg.ClientBase,
  table: CatalogTable,
  error: unknown,
): Promise<DropStatement | undefined> {
  if (!hasSqlState(error, UNIQUE_VIOLATION, EXCLUSION_VIOLATION)) return undefined;
  const { rows } = await client.query<{ drop: DropStatement }>(
    `SELECT ${dropStatementOf("c.oid")} AS drop FROM ${RELATIONS}
     JOIN pg_catalog.pg_index i ON i.indrelid = rel.oid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE c.relname = $3`,
    [...relationsOf([{ table }]), error.constraint],
  );
  return rows[0]?.drop;
}
