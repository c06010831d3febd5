import type { Catalog } from "../schema/catalog.ts";
import type { PlatformRelation } from "../schema/platform-relations.ts";
import type { Exclusion, TableName, Warning } from "../shared/api.ts";
import { formatNoun } from "../shared/format.ts";
import { tableKey } from "../shared/table-name.ts";
import { matcherOf } from "./exclusion.ts";

/** Asked for by name, and so included although it belongs to a platform. */
export interface AskedFor {
  tables?: readonly TableName[] | undefined;
  include?: readonly Exclusion[] | undefined;
}

interface LeftToPlatforms {
  relations: readonly PlatformRelation[];
  /** The platform that owns a table or sequence which nobody asked for. */
  platformOf(it: TableName): string | undefined;
}

/** Finds what backups and restores leave out by default: what the hosting platform keeps in the database for itself. */
export function leftToPlatforms(
  { platformRelations }: Pick<Catalog, "platformRelations">,
  { tables = [], include = [] }: AskedFor = {},
): LeftToPlatforms {
  const isAskedFor = matcherOf([...tables, ...include]);
  const relations = platformRelations.filter((it) => !isAskedFor(it));
  const platforms = new Map(relations.map((it) => [tableKey(it), it.platform]));
  return { relations, platformOf: (it) => platforms.get(tableKey(it)) };
}

/** @param what the thing that lacks the platforms' tables */
export function platformWarnings(
  relations: readonly PlatformRelation[],
  what: "the backup" | "a backup" | "the order",
): Warning[] {
  const tables = relations.filter(({ isTable }) => isTable);
  return [...Map.groupBy(tables, ({ platform }) => platform)].map(([platform, its]) => ({
    code: "PLATFORM_SCHEMAS",
    message: `${platform}'s own schemas are not in ${what}: ${describeSchemas(its)}. Choose them, or tables of them, to have them in it.`,
  }));
}

/** `auth (3 tables), storage (1 table)`. */
export const describeSchemas = (tables: readonly TableName[]): string =>
  [...Map.groupBy(tables, ({ schema }) => schema)]
    .map(([schema, its]) => `${schema} (${formatNoun(its.length, "table")})`)
    .join(", ");
