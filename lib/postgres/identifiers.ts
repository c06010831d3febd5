import pg from "pg";
import type { TableName } from "../shared/api.ts";

/** A name as it stands in SQL, quoted. Names reach SQL only through here or as a parameter. */
export const quoteIdentifier = pg.escapeIdentifier;

/** `"schema"."name"`, for SQL. */
export const quoteTable = (table: TableName): string =>
  `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;

/** The same for a person to read: quoted where it needs to be. */
export const tableInSql = ({ schema, name }: TableName): string =>
  [schema, name].map((it) => (/^[a-z_][a-z0-9_]*$/.test(it) ? it : quoteIdentifier(it))).join(".");

export const quoteLiteral = pg.escapeLiteral;
