import { insertionOrderOf } from "../plan/dump-plan.ts";
import { requireKnown } from "../plan/exclusion.ts";
import { leftToPlatforms, platformWarnings } from "../plan/platform-schemas.ts";
import { openDatabase } from "../postgres/connection/connection.ts";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import type { InsertionOrder, OrderEdge } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { parseInclude, parseOptions, required } from "./usage.ts";

/** `order`: prints the insertion order of a database's tables. The shape of `--json` is stable: see docs/cli.md. */
export async function order(args: string[]): Promise<void> {
  const options = parseOptions(args, {
    url: { type: "string" },
    include: { type: "string", multiple: true },
    json: { type: "boolean" },
  });
  const include = parseInclude(options.include);
  await using database = openDatabase({ connectionString: required(options.url, "url") });
  const client = await database.connect("order");
  const catalog = await readCatalog(client).finally(() => client.end());
  requireKnown(
    include ?? [],
    { ...catalog, roots: catalog.tables },
    (things) => `The database has no ${things}.`,
  );
  const { relations, platformOf } = leftToPlatforms(catalog, { include });
  const tables = catalog.tables.filter((table) => !platformOf(table));
  const insertionOrder = insertionOrderOf(catalog, NO_PRISMA_MODELS, tables);
  for (const { message } of platformWarnings(relations, "the order"))
    process.stderr.write(`warning: ${message}\n`);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ database: catalog.database.name, ...insertionOrder }, null, 2)}\n`
      : toText(insertionOrder),
  );
}

function toText({ components, edges }: InsertionOrder): string {
  const edgesOf = Map.groupBy(edges, ({ from }) => tableKey(from));
  let place = 0;
  const lines = components.flatMap(({ tables, cyclic }) => {
    place++;
    const head = cyclic
      ? [
          `${place}. a cycle: loaded with its foreign keys dropped, which are added and checked before the commit`,
        ]
      : [];
    return [
      ...head,
      ...tables.flatMap((table) => [
        `${cyclic ? "   " : `${place}. `}${tableLabel(table)}`,
        ...(edgesOf.get(tableKey(table)) ?? []).map((edge) => `     ${reason(edge)}`),
      ]),
    ];
  });
  return lines.map((line) => `${line}\n`).join("");
}

function reason({ role, to, columns, referencedColumns, onDelete, constraint }: OrderEdge): string {
  const key = `${columns.join(", ")} → ${referencedColumns.join(", ")}, ON DELETE ${onDelete}, ${constraint}`;
  switch (role) {
    case "self":
      return `refers to itself (${key})`;
    case "cycle":
      return `in a circle with ${tableLabel(to)} (${key})`;
    case "orders":
      return `after ${tableLabel(to)} (${key})`;
    default:
      throw role satisfies never;
  }
}
