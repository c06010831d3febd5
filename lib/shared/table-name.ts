import type { TableName } from "./api.ts";

/** `schema.name`, for a person to read. Ambiguous where names hold dots: never a key, never SQL. */
export const tableLabel = ({ schema, name }: TableName): string => `${schema}.${name}`;

/** The same string for the same table and for no other: a key for maps and sets. */
export const tableKey = ({ schema, name }: TableName): string => JSON.stringify([schema, name]);
