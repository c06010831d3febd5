import type { Manifest } from "../archive/manifest.ts";
import type { CatalogSequence } from "../schema/catalog.ts";
import type { TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";

export type ArchivedSequence = Manifest["sequences"][number];

/**
 * Finds each live sequence's state in the archive: by name and owner, then by owner alone (it was renamed or replaced
 * by an identity), then by schema and name, and finally by the bare name, if only one fits.
 */
export function matchStates(
  archived: readonly ArchivedSequence[],
  live: readonly CatalogSequence[],
): Map<CatalogSequence, ArchivedSequence> {
  const found = new Map<CatalogSequence, ArchivedSequence>();
  const ownerKey = (table: TableName | null | undefined, column: string | null | undefined) =>
    table && column ? JSON.stringify([table.schema, table.name, column]) : null;
  const stateOwner = (it: ArchivedSequence) => ownerKey(it.ownerTable, it.ownerColumn);
  const liveOwner = ({ owner }: CatalogSequence) => ownerKey(owner?.table, owner?.column);
  const passes: Array<{
    ofState: (it: ArchivedSequence) => string | null;
    ofLive: (it: CatalogSequence) => string | null;
  }> = [
    {
      ofState: (it) => JSON.stringify([it.schema, it.name, stateOwner(it)]),
      ofLive: (it) => JSON.stringify([it.schema, it.name, liveOwner(it)]),
    },
    { ofState: stateOwner, ofLive: liveOwner },
    { ofState: tableKey, ofLive: tableKey },
    { ofState: ({ name }) => name, ofLive: ({ name }) => name },
  ];
  for (const [index, { ofState, ofLive }] of passes.entries()) {
    const taken = new Set(found.values());
    const states = Map.groupBy(
      archived.filter((it) => !taken.has(it)),
      ofState,
    );
    const sequences = Map.groupBy(
      live.filter((it) => !found.has(it)),
      ofLive,
    );
    for (const [key, [sequence, ...others]] of sequences) {
      const [state, ...more] = key === null ? [] : (states.get(key) ?? []);
      const isUnclear = index === passes.length - 1 && others.length + more.length > 0;
      if (sequence && state && !isUnclear) found.set(sequence, state);
    }
  }
  return found;
}
