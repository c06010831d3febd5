import type { TableName } from "./api.ts";

/** `schema.name`, for people. Ambiguous if names contain dots, so never use it as a key or in SQL. */
export const tableLabel = ({ schema, name }: TableName): string => `${schema}.${name}`;

/** Returns a unique string per table: a key for maps and sets. */
export const tableKey = ({ schema, name }: TableName): string => JSON.stringify([schema, name]);

/** Only the name of a table of which more is known. */
export const nameOf = ({ schema, name }: TableName): TableName => ({ schema, name });
