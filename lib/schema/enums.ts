import type pg from "pg";
import { MAX_ENUM_LABELS, MAX_ENUMS } from "../shared/archive-format.ts";
import type { CatalogTable, EnumType } from "./catalog.ts";
import { elementOf } from "./moved-type.ts";

const ENUMS_SQL = `
  SELECT enumtypid AS oid, format_type(enumtypid, NULL) AS type,
    json_agg(enumlabel ORDER BY enumsortorder) AS labels
  FROM pg_enum WHERE enumtypid = ANY ($1::oid[]) GROUP BY enumtypid`;

/** Reads enum types, by their OID. */
export async function readEnums(
  client: pg.ClientBase,
  oids: Iterable<number>,
): Promise<ReadonlyMap<number, EnumType>> {
  const wanted = [...new Set(oids)];
  if (wanted.length === 0) return new Map();
  const { rows } = await client.query<EnumType & { oid: number }>(ENUMS_SQL, [wanted]);
  return new Map(rows.map(({ oid, type, labels }) => [oid, { type, labels }]));
}

/** The columns' enums and domains over them, for the manifest. Those beyond its limits are left out, without loss. */
export function enumsOf(tables: readonly Pick<CatalogTable, "columns">[]): EnumType[] {
  const enums = new Map<string, string[]>();
  let room = MAX_ENUM_LABELS;
  for (const { type, enumType, generated } of tables.flatMap(({ columns }) => columns)) {
    const key = elementOf(type);
    if (!enumType || generated || enums.has(key)) continue;
    if (enums.size === MAX_ENUMS || enumType.labels.length > room) continue;
    room -= enumType.labels.length;
    enums.set(key, enumType.labels);
  }
  return [...enums].map(([type, labels]) => ({ type, labels }));
}
