import type { ForeignKeyModel, SchemaModel } from "./model.ts";
import { quoteName } from "./names.ts";
import { at, type Column, mixed, type Rendering, type Row, type Table } from "./rendering.ts";

/** A foreign key that is possible: its columns are in its table already. */
export interface ForeignKey {
  model: ForeignKeyModel;
  from: Table;
  to: Table;
  columns: Column[];
  /** Whether every row must refer to an existing one. */
  needsParent: boolean;
  sql: string[];
}

/** 0 without a cycle. One table alone makes none. */
export function ringLength({ ring, tables }: SchemaModel): number {
  const length = Math.min(ring?.length ?? 0, tables.length);
  return length < 2 ? 0 : length;
}

export function addForeignKeys(rendering: Rendering, model: SchemaModel): ForeignKey[] {
  const { tables, features } = rendering;
  const foreignKeys: ForeignKey[] = [];
  const length = ringLength(model);
  for (let index = 0; model.ring && index < length; index++) {
    features.add(`circle of ${length}, ${model.ring.notNull ? "NOT NULL" : "nullable"}`);
    const to = (index + 1) % length;
    const link = {
      from: index,
      to,
      toUnique: false,
      name: "next",
      validity: "valid",
      seed: index,
    } as const;
    foreignKeys.push(...addForeignKey(rendering, { ...model.ring, ...link }));
  }
  for (const foreignKey of model.foreignKeys) {
    foreignKeys.push(...addForeignKey(rendering, foreignKey));
  }
  for (const [index, { from, to }] of foreignKeys.entries()) {
    if (from === to) features.add("self reference");
    else if (foreignKeys.slice(0, index).some((it) => it.from === from && it.to === to)) {
      features.add("several foreign keys between two tables");
    }
    if (isPartitioned(from)) features.add("foreign key of a partitioned table");
    if (isPartitioned(to)) features.add("foreign key into a partitioned table");
  }
  // If the parent has no rows, a table whose rows need one cannot have any either.
  let isSettled = false;
  while (!isSettled) {
    isSettled = true;
    for (const { needsParent, from, to } of foreignKeys) {
      if (!needsParent || to.rows.length > 0 || from.rows.length === 0) continue;
      from.rows = [];
      isSettled = false;
    }
  }
  if (tables.some((table) => table.rows.length > 0)) features.add("rows");
  return foreignKeys;
}

const isPartitioned = ({ model }: Table): boolean => model.kind.kind === "partitioned";

function addForeignKey(rendering: Rendering, model: ForeignKeyModel): ForeignKey[] {
  const { tables, names, features, major } = rendering;
  const from = at(tables, model.from);
  const to = at(tables, model.to);
  const referenced = model.toUnique && to.uniqueColumn ? [to.uniqueColumn] : to.key;
  if (!referenced || (to.isUnlogged && !from.isUnlogged)) return [];
  // Before PostgreSQL 18, a foreign key of a partitioned table can only be valid and enforced.
  const canBeInvalid = !isPartitioned(from) || major === 18;
  const validity = !canBeInvalid
    ? "valid"
    : model.validity === "not enforced" && major < 18
      ? "not valid"
      : model.validity;
  const isValid = validity === "valid";
  const choose = (row: Row) => chooseParent(model, to, isValid, row);
  const columns = referenced.map((target, index): Column => {
    const name = quoteName(names.give("columns", `${model.name} fk`.slice(0, 20)));
    const value = (row: Row) => {
      const { ordinal, isPartial } = choose(row);
      if (ordinal === null || (isPartial && index > 0)) return null;
      return target.value({ ordinal, seed: 0 });
    };
    return {
      name,
      type: target.type,
      value,
      notNull: model.notNull,
      definition: "",
      generated: false,
    };
  });
  from.columns.push(...columns);

  const constraint = quoteName(names.give("constraints", model.name));
  const names_ = (of: readonly Column[]) => of.map(({ name }) => name).join(", ");
  const [first] = columns;
  // Not for a partitioned table: PostgreSQL sets the wrong columns if a partition numbers them differently.
  const setOne =
    columns.length > 1 &&
    model.onDelete === "SET NULL" &&
    model.seed % 2 === 1 &&
    !isPartitioned(from);
  const definition = [
    `FOREIGN KEY (${names_(columns)}) REFERENCES ${to.name} (${names_(referenced)})`,
    model.matchFull && "MATCH FULL",
    `ON DELETE ${model.onDelete}${setOne ? ` (${first?.name})` : ""} ON UPDATE ${model.onUpdate}`,
    model.deferrable,
    !isValid && validity.toUpperCase(),
  ];
  const sql = [
    `ALTER TABLE ${from.name} ADD CONSTRAINT ${constraint} ${definition.filter(Boolean).join(" ")}`,
  ];
  if (model.comment)
    sql.push(`COMMENT ON CONSTRAINT ${constraint} ON ${from.name} IS 'it''s "a key"'`);

  features
    .add(`ON DELETE ${model.onDelete}`)
    .add(`ON UPDATE ${model.onUpdate}`)
    .add(`foreign key, ${validity}`);
  if (model.deferrable) features.add(`foreign key, ${model.deferrable}`);
  if (columns.length > 1) features.add("composite foreign key");
  if (setOne) features.add("ON DELETE SET NULL of some columns");
  if (model.comment) features.add("comment on a foreign key");
  return [{ model, from, to, columns, needsParent: model.notNull && isValid, sql }];
}

/**
 * Chooses the row that a row refers to. It may be none, or be given by some of the columns only. If the foreign key is
 * not checked, it may be one that does not exist.
 */
function chooseParent(
  { notNull, matchFull, seed }: ForeignKeyModel,
  { rows }: Table,
  isValid: boolean,
  row: Row,
): { ordinal: number | null; isPartial: boolean } {
  const random = mixed(seed, row.seed);
  const isSimple = row.seed === 0;
  const isPartial = !isSimple && !notNull && !matchFull && random.chance(0.2);
  if (!isSimple && !notNull && random.chance(0.2)) return { ordinal: null, isPartial };
  if (!isSimple && !isValid && random.chance(0.4)) return { ordinal: 1000, isPartial };
  if (rows.length === 0) return { ordinal: notNull ? 1000 : null, isPartial };
  return { ordinal: isSimple ? 0 : random.int(0, rows.length - 1), isPartial };
}
