import pg from "pg";
import type { TableName } from "../shared/api.ts";

/** Quotes a name for SQL. Names reach SQL only through this function or as a parameter. */
export const quoteIdentifier = pg.escapeIdentifier;

/** `"schema"."name"`, for SQL. */
export const quoteTable = (table: TableName): string =>
  `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;

export const quoteLiteral = pg.escapeLiteral;
