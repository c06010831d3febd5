import type { Manifest } from "../archive/manifest.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { RestoreScope, TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import { matcherOf, requireKnown } from "./exclusion.ts";
import { leftToPlatforms } from "./platform-schemas.ts";
import { type ResolvedScope, resolveScope } from "./restore-scope.ts";

export interface Choice extends ResolvedScope {
  /** The hosting platform to which a table is left. */
  platformOf(table: TableName): string | undefined;
  /** Why a table that is not chosen, or is left out, stays as it is. */
  reasonFor(table: TableName): string;
}

const EXCLUDED_REASON = "It was left out of the restore.";
const NOT_CHOSEN_REASON = "It was not chosen.";

/** @throws BackupError REQUEST_INVALID if the scope does not fit the archive, or leaves out what exists nowhere */
export function chooseTables(
  manifest: Pick<Manifest, "tables" | "sequences">,
  catalog: Catalog,
  given: RestoreScope | undefined,
): Choice {
  const resolved = resolveScope(given, manifest.tables);
  const { scope, isChosen } = resolved;
  requireKnown(
    [...(scope.exclude ?? []), ...(scope.include ?? [])],
    {
      tables: [...manifest.tables, ...catalog.tables, ...catalog.extensionTables],
      sequences: [...manifest.sequences, ...catalog.sequences],
      roots: catalog.tables,
    },
    (things) => `Neither the backup nor the database has a ${things}. Nothing was changed.`,
  );
  const platformOf = platformsOf(catalog, scope);
  return {
    ...resolved,
    platformOf,
    isExcluded: (it) => resolved.isExcluded(it) || platformOf(it) !== undefined,
    reasonFor(table) {
      if (!isChosen(table)) return NOT_CHOSEN_REASON;
      const platform = resolved.isExcluded(table) ? undefined : platformOf(table);
      return platform === undefined
        ? EXCLUDED_REASON
        : `It was left out with ${platform}'s own schemas.`;
    },
  };
}

/** If only the backup has a table, its schema decides. */
function platformsOf(
  catalog: Catalog,
  { tables: chosen, rows, include }: RestoreScope,
): Choice["platformOf"] {
  const asked = { tables: chosen ?? rows, include };
  const { relations, platformOf } = leftToPlatforms(catalog, asked);
  const isAskedFor = matcherOf([...(asked.tables ?? []), ...(include ?? [])]);
  const live = new Set([...catalog.tables, ...catalog.sequences].map(tableKey));
  const schemas = new Map(relations.map(({ schema, platform }) => [schema, platform]));
  return (it) =>
    live.has(tableKey(it)) || isAskedFor(it) ? platformOf(it) : schemas.get(it.schema);
}
