import type { Manifest } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { RestoreMode, RestoreScope, TableName } from "../shared/api.ts";
import { formatSome } from "../shared/format.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { matcherOf, requireKnown } from "./exclusion.ts";
import { leftToPlatforms } from "./platform-schemas.ts";

export interface RestoreSelection {
  scope?: RestoreScope | undefined;
}

/** True for modes that add and change rows but remove none. */
export const isMerge = (mode: RestoreMode): boolean =>
  mode === "keep-existing" || mode === "overwrite";

interface ResolvedScope {
  scope: RestoreScope;
  /** Whether tables or rows were chosen one by one. */
  isChoice: boolean;
  isChosen(table: TableName): boolean;
  /** Whether it is left out, even if it was chosen. */
  isExcluded(it: TableName): boolean;
  /** Row numbers in the archive, from 1, of a table's chosen rows. Undefined means all rows. */
  placesIn(table: TableName): ReadonlySet<number> | undefined;
}

/**
 * @throws BackupError REQUEST_INVALID if the archive lacks something, or rows are chosen in a mode that replaces tables
 */
export function resolveScope(
  scope: RestoreScope = { mode: "replace" },
  archived: ReadonlyArray<TableName & { rows: number }>,
): ResolvedScope {
  const { mode, tables, rows, include } = scope;
  if (rows && !isMerge(mode)) {
    throw invalid(
      "Rows that were chosen one by one cannot replace a table.",
      "Choose “keep-existing” or “overwrite” for them.",
    );
  }
  if (include && (rows || tables)) {
    throw invalid(
      "If you choose single tables or rows, choose the hosting platform's tables with them.",
      "Name them among the chosen tables.",
    );
  }
  if (rows && tables) {
    throw invalid(
      "Tables and single rows cannot be chosen at once.",
      "Restore the tables first, then the rows.",
    );
  }
  const known = new Map(archived.map((table) => [tableKey(table), table]));
  const chosen = rows ?? tables;
  const unknown = chosen?.filter((table) => !known.has(tableKey(table))) ?? [];
  if (unknown.length > 0) {
    throw invalid(
      `The backup has no table ${formatSome(unknown.map(tableLabel))}.`,
      "Choose among the tables of the backup, in its spelling: schema.name.",
    );
  }
  const places = new Map<string, Set<number>>();
  for (const { places: some, ...table } of rows ?? []) {
    const total = known.get(tableKey(table))?.rows ?? 0;
    const beyond = some.find((place) => place > total);
    if (beyond !== undefined) {
      throw invalid(
        `The backup has ${total} rows of ${tableLabel(table)}, and no row ${beyond}.`,
        "Choose the rows again.",
      );
    }
    const all = places.get(tableKey(table)) ?? new Set();
    for (const place of some) all.add(place);
    places.set(tableKey(table), all);
  }
  const keys = chosen && new Set(chosen.map(tableKey));
  return {
    scope,
    isChoice: chosen !== undefined,
    isExcluded: matcherOf(scope.exclude),
    isChosen: (table) => keys?.has(tableKey(table)) ?? true,
    placesIn: (table) => places.get(tableKey(table)),
  };
}

const invalid = (message: string, hint: string): BackupError =>
  new BackupError("REQUEST_INVALID", `${message} Nothing was changed.`, { hint });

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
