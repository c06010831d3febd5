import type pg from "pg";
import {
  checkExclusion,
  checkForeignKey,
  checkRows,
  checkUnique,
  type Outcome,
  type Side,
} from "../../postgres/find-violations.ts";
import type { ForeignKeyRule } from "../../postgres/foreign-key-rules.ts";
import { quoteTable } from "../../postgres/identifiers.ts";
import { isKeyed, keyColumns, type Load } from "../../postgres/load.ts";
import { keptKeys, sameKey } from "../../postgres/merge-rows.ts";
import { rowsOf } from "../../postgres/rows-of.ts";
import { findTooLarge } from "../../postgres/too-large.ts";
import type { DropStatement } from "../../schema/drop-statement.ts";
import type { RestoreMode, TableName } from "../../shared/api.ts";
import type { Violation } from "../../shared/rehearsal.ts";
import { nameOf, tableKey, tableLabel } from "../../shared/table-name.ts";
import type { CheckedLoad, Checks } from "./make-copies.ts";
import type { NotRedirected } from "./redirect-functions.ts";
import {
  describeUntried,
  describeViolation,
  inheritedRemedy,
  namesNothing,
  remedyOf,
} from "./remedies.ts";

export interface CheckedCopies {
  violations: Violation[];
  /** By functions that read the tables instead of the copies. They are right if the restore changes no row. */
  doubtful: Violation[];
  /** Sentences about what could not be checked. */
  unchecked: string[];
}

interface Verdict {
  rule: Omit<Violation, "total" | "rows" | "message" | "remedy">;
  outcome: Outcome;
  drop?: DropStatement | undefined;
  remedy?: string | undefined;
}

/** @param untried rules that call functions which read the tables. Those that may write are not evaluated at all. */
export async function checkCopies(
  client: pg.ClientBase,
  checks: Checks,
  untried: readonly NotRedirected[],
  signal: AbortSignal,
): Promise<CheckedCopies> {
  const verdicts: Verdict[] = [];
  const untriedOf: UntriedOf = (rule) => findUntried(untried, checks.loads, rule);
  for (const load of checks.loads) {
    signal.throwIfAborted();
    verdicts.push(...(await checkTable(client, load, checks.mode, untriedOf)));
  }
  for (const rule of checks.foreignKeys) {
    signal.throwIfAborted();
    verdicts.push(...(await checkOneForeignKey(client, checks, rule)));
  }
  return sortOut(verdicts, untriedOf);
}

type UntriedOf = (
  rule: Pick<Violation, "kind" | "table" | "constraint">,
) => NotRedirected | undefined;

function findUntried(
  untried: readonly NotRedirected[],
  loads: readonly Load[],
  { kind, table, constraint }: Parameters<UntriedOf>[0],
): NotRedirected | undefined {
  const name = kind === "partition" ? table.name : constraint;
  // A domain's constraint belongs to the domain, not to a column's table.
  const isOfDomain = (it: TableName) =>
    !loads.some((load) => tableKey(load.table) === tableKey(it));
  return untried.find(
    (it) => it.name === name && (tableKey(it.table) === tableKey(table) || isOfDomain(it.table)),
  );
}

async function checkTable(
  client: pg.ClientBase,
  load: CheckedLoad,
  mode: RestoreMode,
  untriedOf: UntriedOf,
): Promise<Verdict[]> {
  const { rules, unknownColumns } = load;
  const table = nameOf(load.table);
  const key = keyColumns(load);
  const checked = { holder: load.into, key };
  const inserted = insertedRows(load, mode);
  const canBeTried = <Rule extends Pick<Violation, "constraint" | "columns">>(
    all: ReadonlyArray<Rule & { kind?: Violation["kind"] }>,
  ) =>
    all.filter(
      ({ columns, constraint, kind = "check" }) =>
        !columns.some((column) => unknownColumns.has(column)) &&
        !untriedOf({ table, kind, constraint })?.mayWrite,
    );
  const verdicts: Verdict[] = [];

  const rows = canBeTried(rules.rows).map((rule) =>
    rule.isForNewRows && inserted
      ? { ...rule, violated: `(CASE WHEN ${inserted} THEN ${rule.violated} ELSE false END)` }
      : rule,
  );
  for (const { rule, outcome } of await checkRows(client, checked, rows)) {
    const { kind, constraint, columns, drop } = rule;
    const remedy =
      rule.isForNewRows && !drop ? inheritedRemedy(constraint ?? columns.join(", ")) : undefined;
    verdicts.push({ rule: { kind, table, constraint, key, columns }, outcome, drop, remedy });
  }
  const failed = new Set(verdicts.flatMap(({ rule, outcome }) => (outcome ? rule.constraint : [])));
  for (const rule of canBeTried(rules.unique)) {
    const { constraint, columns, drop } = rule;
    const isNew = drop.isValid ? undefined : inserted;
    const outcome = await checkUnique(client, checked, rule, isNew);
    verdicts.push({ rule: { kind: "unique", table, constraint, key: [], columns }, outcome, drop });
  }
  for (const { index, drop, key: found } of await findTooLarge(client, load)) {
    if (failed.has(index)) continue;
    const rule = { kind: "value" as const, table, constraint: index, key, columns: [] };
    const outcome = { total: null, rows: found ? [{ key: found, values: [] }] : [] };
    verdicts.push({ rule, outcome, drop });
  }
  for (const rule of canBeTried(rules.exclusions)) {
    const { constraint, columns, drop } = rule;
    const outcome = await checkExclusion(client, checked, rule);
    verdicts.push({
      rule: { kind: "exclusion", table, constraint, key: [], columns },
      outcome,
      drop,
    });
  }
  return verdicts;
}

/** A condition for the rows `t` of the copy that are inserted beside other rows. Undefined if no other rows remain. */
function insertedRows(load: CheckedLoad, mode: RestoreMode): string | undefined {
  if (!isKeyed(load)) return undefined;
  if (mode === "keep-existing")
    return `NOT EXISTS (SELECT FROM ${rowsOf(load.table)} l WHERE ${sameKey(load.key, "l", "t")})`;
  return mode === "overwrite" ? keptKeys(load) : undefined;
}

/** @returns no verdict for a foreign key that no row must fulfil */
async function checkOneForeignKey(
  client: pg.ClientBase,
  { loads, mode }: Checks,
  rule: ForeignKeyRule,
): Promise<Verdict[]> {
  const from = sideOf(loads, rule.fromOid);
  const to = sideOf(loads, rule.toOid);
  // A restore adds the foreign key again as it is: NOT VALID, except for partitions that have validated it.
  const isWhole = rule.isValidated || to === undefined;
  const part = isWhole ? from?.filter : partsOf(rule, from?.load);
  if (!isWhole && part === undefined) return [];
  const isNew = mode === "keep-existing" && from && !to ? insertedRows(from.load, mode) : undefined;
  const filter = [part, isNew].filter((it) => it !== undefined).join(" AND ") || undefined;
  const key = from ? keyColumns(from.load) : [];
  const outcome = await checkForeignKey(client, rule, {
    from: from
      ? { rows: from.rows, filter }
      : { rows: `${rule.fromIsPartitioned ? "" : "ONLY "}${quoteTable(rule.from)}` },
    to: to ?? { rows: `${rule.toIsPartitioned ? "" : "ONLY "}${quoteTable(rule.to)}` },
    key,
  });
  const { constraint, columns } = rule;
  const violated = { table: rule.from, constraint, key, columns, refersTo: rule.to };
  return [{ rule: { kind: "foreign-key", ...violated }, outcome }];
}

/** The copy that contains the rows of a table or partition. Undefined if the table is not restored. */
function sideOf(
  loads: readonly CheckedLoad[],
  oid: number,
): (Side & { load: CheckedLoad }) | undefined {
  const load = loads.find(({ table, rules }) => table.oid === oid || rules.partitions.has(oid));
  if (!load) return undefined;
  const filter = load.rules.partitions.get(oid);
  return { rows: quoteTable(load.into), ...(filter !== undefined && { filter }), load };
}

function partsOf({ validatedBelow }: ForeignKeyRule, from: CheckedLoad | undefined) {
  const filters = validatedBelow.flatMap((oid) => from?.rules.partitions.get(oid) ?? []);
  return filters.length > 0 ? `(${filters.join(" OR ")})` : undefined;
}

/** SQLSTATE classes for a rule that could not be evaluated: a missing feature or name. */
const NOT_EVALUATED = /^(0A|42|3F)/;

function sortOut(verdicts: readonly Verdict[], untriedOf: UntriedOf): CheckedCopies {
  const sorted: CheckedCopies = { violations: [], doubtful: [], unchecked: [] };
  for (const { rule, outcome, drop, remedy } of verdicts) {
    if (outcome === null) continue;
    const { table, constraint, columns } = rule;
    const name = constraint ?? columns.join(", ");
    const violations = untriedOf(rule) ? sorted.doubtful : sorted.violations;
    if ("sqlState" in outcome && NOT_EVALUATED.test(outcome.sqlState)) {
      // PostgreSQL checks a foreign key with the rights of the tables' owners, which this role may lack.
      if (rule.kind === "foreign-key")
        sorted.unchecked.push(`${name} of ${tableLabel(table)} could not be checked beforehand.`);
      else if (outcome.notFound) violations.push(namesNothing(table, name, outcome.notFound));
      else violations.push(describeUntried({ table, name, why: outcome.reason }));
      continue;
    }
    const whole = { ...rule, ...("sqlState" in outcome ? { total: null, rows: [] } : outcome) };
    violations.push({
      ...whole,
      message: describeViolation(whole),
      remedy: remedy ?? remedyOf(whole, drop),
    });
  }
  return sorted;
}
