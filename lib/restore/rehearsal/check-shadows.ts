import type pg from "pg";
import type { LoadPlan } from "../../plan/load-plan.ts";
import type { AsideConstraint } from "../../postgres/constraints.ts";
import {
  checkExclusion,
  checkForeignKey,
  checkRows,
  checkUnique,
  type Outcome,
  type Side,
} from "../../postgres/find-violations.ts";
import { quoteTable } from "../../postgres/identifiers.ts";
import { keptKeys, sameKey } from "../../postgres/merge-rows.ts";
import { rowsOf } from "../../postgres/rows-of.ts";
import {
  FOREIGN_KEY_RULES_SQL,
  type ForeignKeyRule,
  readDomainRules,
  readTableRules,
  type TableRules,
} from "../../postgres/table-rules.ts";
import { findTooLarge } from "../../postgres/too-large.ts";
import type { Catalog, CatalogTable } from "../../schema/catalog.ts";
import type { DropStatement } from "../../schema/drop-statement.ts";
import type { TableName } from "../../shared/api.ts";
import type { Violation } from "../../shared/rehearsal.ts";
import { tableKey, tableLabel } from "../../shared/table-name.ts";
import type { NotRedirected } from "./redirect-functions.ts";
import {
  describeUntried,
  describeViolation,
  inheritedRemedy,
  namesNothing,
  remedyOf,
} from "./remedies.ts";

/** A table, its copy, and what its rows have to fulfil. */
export interface Shadowed {
  table: CatalogTable;
  shadow: CatalogTable;
  rules: TableRules;
}

export interface Checks {
  tables: Shadowed[];
  foreignKeys: ForeignKeyRule[];
  /** Rows that are there stay as they are, and their foreign keys to tables that stay, too, as well. */
  keepsRows: boolean;
  /** The same, but for those that the backup has. */
  overwrites: boolean;
}

/** @param client with an empty search_path */
export async function readChecks(
  client: pg.ClientBase,
  plan: LoadPlan,
  catalog: Catalog,
  shadows: readonly CatalogTable[],
  ofDomains: readonly AsideConstraint[],
): Promise<Checks> {
  const rulesOf = await readTableRules(client, plan.loads);
  const domainRules = await readDomainRules(client, plan.loads, ofDomains);
  const tables = plan.loads.flatMap(({ table }, index): Shadowed[] => {
    const [shadow, rules] = [shadows[index], rulesOf[index]];
    if (!shadow || !rules) return [];
    const rows = [...rules.rows, ...(domainRules.get(table.oid) ?? [])];
    return [{ table, shadow, rules: { ...rules, rows } }];
  });
  const oids = plan.loads.flatMap(({ table }) => [
    table.oid,
    ...table.partitions.map(({ oid }) => oid),
  ]);
  const { rows } = await client.query<ForeignKeyRule>(FOREIGN_KEY_RULES_SQL, [oids]);
  const unchecked = new Set(
    catalog.foreignKeys
      .filter(({ insertsUnchecked }) => insertsUnchecked)
      .map(({ table, constraint }) => `${tableKey(table)} ${constraint}`),
  );
  const isLoaded = new Set(oids);
  const { mode } = plan.scope;
  return {
    tables,
    keepsRows: mode === "keep-existing",
    overwrites: mode === "overwrite",
    foreignKeys: rows.filter(({ from, constraint, fromOid, toOid }) => {
      const isUnchecked = unchecked.has(`${tableKey(from)} ${constraint}`);
      // From a table that stays, a restore adds it again, which checks its rows whatever the triggers are.
      if (!isLoaded.has(fromOid)) return mode !== "keep-existing";
      return !isUnchecked || (mode === "overwrite" && isLoaded.has(toOid));
    }),
  };
}

export interface CheckedShadows {
  violations: Violation[];
  /** By functions that have read the tables instead of the copies: right where no row changes. */
  doubtful: Violation[];
  /** Sentences on what could not be checked. */
  unchecked: string[];
}

/**
 * Checks every rule, and names what violates it.
 *
 * @param isIgnored columns whose values are not known beforehand, by table
 * @param untried what calls functions that read the tables; what may write is not evaluated at all
 */
export async function checkShadows(
  client: pg.ClientBase,
  { tables, foreignKeys, keepsRows, overwrites }: Checks,
  isIgnored: (table: TableName, column: string) => boolean,
  untried: readonly NotRedirected[],
  signal: AbortSignal,
): Promise<CheckedShadows> {
  const result: CheckedShadows = { violations: [], doubtful: [], unchecked: [] };
  const keyOf = ({ rules }: Shadowed) => rules.key?.columns ?? [];

  function record(
    violation: Omit<Violation, "total" | "rows" | "message" | "remedy">,
    outcome: Outcome,
    drop?: DropStatement,
    remedy?: string,
  ): void {
    if (outcome === null) return;
    const { table, constraint, columns } = violation;
    const violations = untriedOf(table, violation) ? result.doubtful : result.violations;
    if ("sqlState" in outcome && /^(0A|42|3F)/.test(outcome.sqlState)) {
      // PostgreSQL checks a foreign key with the rights of its tables' owners.
      if (violation.kind === "foreign-key") {
        result.unchecked.push(
          `${constraint ?? columns.join(", ")} of ${tableLabel(table)} could not be checked beforehand.`,
        );
        return;
      }
      const name = constraint ?? columns.join(", ");
      violations.push(
        outcome.notFound
          ? namesNothing(table, name, outcome.notFound)
          : describeUntried({ table, name, why: outcome.reason }),
      );
      return;
    }
    const found = "sqlState" in outcome ? { total: null, rows: [] } : outcome;
    const whole = { ...violation, ...found };
    violations.push({
      ...whole,
      message: describeViolation(whole),
      remedy: remedy ?? remedyOf(whole, drop),
    });
  }

  /** A domain's constraint is its own, and not its column's table's. */
  function untriedOf(
    table: TableName,
    { kind, constraint }: { kind: Violation["kind"]; constraint: string | null },
  ): NotRedirected | undefined {
    const name = kind === "partition" ? table.name : constraint;
    return untried.find(
      (it) =>
        it.name === name &&
        (tableKey(it.table) === tableKey(table) ||
          !tables.some((checked) => tableKey(checked.table) === tableKey(it.table))),
    );
  }

  /** What an index that is not valid refuses: rows that stay may repeat each other. Undefined: none stays. */
  function insertedRows(of: Shadowed): string | undefined {
    if (keepsRows) return newRows(of);
    return overwrites && of.rules.key ? keptKeys(of.shadow, of.rules.key) : undefined;
  }

  for (const checked of tables) {
    signal.throwIfAborted();
    const { schema, name } = checked.table;
    const table = { schema, name };
    const key = keyOf(checked);
    const { rules, shadow } = checked;
    const known = <Rule extends Pick<Violation, "constraint" | "columns">>(
      all: ReadonlyArray<Rule & { kind?: Violation["kind"] }>,
    ) =>
      all.filter(
        ({ columns, constraint, kind = "check" }) =>
          !columns.some((column) => isIgnored(table, column)) &&
          !untriedOf(table, { kind, constraint })?.mayWrite,
      );
    const rows = known(rules.rows).map((rule) => {
      const isNew = rule.isForNewRows && insertedRows(checked);
      return isNew
        ? { ...rule, violated: `(CASE WHEN ${isNew} THEN ${rule.violated} ELSE false END)` }
        : rule;
    });
    const outcomes = await checkRows(client, { shadow, key }, rows);
    for (const [index, { kind, constraint, columns, drop, isForNewRows }] of rows.entries()) {
      const remedy =
        isForNewRows && !drop ? inheritedRemedy(constraint ?? columns.join(", ")) : undefined;
      record({ kind, table, constraint, key, columns }, outcomes[index] ?? null, drop, remedy);
    }
    for (const rule of known(rules.unique)) {
      const { constraint, columns, drop } = rule;
      const isNew = drop.isValid ? undefined : insertedRows(checked);
      const outcome = await checkUnique(client, { shadow, key }, rule, isNew);
      record({ kind: "unique", table, constraint, key: [], columns }, outcome, drop);
    }
    const isFound = (index: string) =>
      rows.some(({ constraint }, i) => constraint === index && outcomes[i]);
    for (const { index, drop, key: found } of await findTooLarge(client, checked, shadow, key)) {
      if (isFound(index)) continue;
      const large = { kind: "value" as const, table, constraint: index, key, columns: [] };
      record(large, { total: null, rows: found ? [{ key: found, values: [] }] : [] }, drop);
    }
    for (const rule of known(rules.exclusions)) {
      const { constraint, columns, drop } = rule;
      const outcome = await checkExclusion(client, { shadow, key }, rule);
      record({ kind: "exclusion", table, constraint, key: [], columns }, outcome, drop);
    }
  }

  const sides = new Map<number, Side & { of: Shadowed }>();
  for (const of of tables) {
    const rows = quoteTable(of.shadow);
    sides.set(of.table.oid, { rows, of });
    for (const [oid, filter] of of.rules.partitions) sides.set(oid, { rows, filter, of });
  }
  for (const rule of foreignKeys) {
    signal.throwIfAborted();
    const from = sides.get(rule.fromOid);
    const to = sides.get(rule.toOid);
    // A restore drops it and adds it again as it is: NOT VALID, but for partitions that have validated it.
    const isWhole = rule.isValidated || to === undefined;
    const part = isWhole ? from?.filter : partsOf(rule, from?.of);
    if (!isWhole && part === undefined) continue;
    const isNew = keepsRows && from && !to ? newRows(from.of) : undefined;
    const filter = [part, isNew].filter((it) => it !== undefined).join(" AND ") || undefined;
    const outcome = await checkForeignKey(
      client,
      rule,
      from
        ? { rows: from.rows, filter }
        : { rows: `${rule.fromIsPartitioned ? "" : "ONLY "}${quoteTable(rule.from)}` },
      to ?? { rows: `${rule.toIsPartitioned ? "" : "ONLY "}${quoteTable(rule.to)}` },
      from ? keyOf(from.of) : [],
    );
    const { constraint, columns } = rule;
    const key = from ? keyOf(from.of) : [];
    const violation = { kind: "foreign-key" as const, table: rule.from, constraint, key, columns };
    record({ ...violation, refersTo: rule.to }, outcome);
  }
  return result;
}

/** Those of the copy that the table does not have: the only ones that are inserted. */
const newRows = ({ table, rules: { key } }: Shadowed): string | undefined =>
  key ? `NOT EXISTS (SELECT FROM ${rowsOf(table)} l WHERE ${sameKey(key, "l", "t")})` : undefined;

function partsOf({ validatedBelow }: ForeignKeyRule, from: Shadowed | undefined) {
  const filters = validatedBelow.flatMap((oid) => from?.rules.partitions.get(oid) ?? []);
  return filters.length > 0 ? `(${filters.join(" OR ")})` : undefined;
}
