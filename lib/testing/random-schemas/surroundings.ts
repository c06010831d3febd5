import type { SchemaModel, TriggerModel } from "./model.ts";
import { quoteName } from "./names.ts";
import { at, newName, type Rendering, type Table } from "./rendering.ts";

/** Functions that raise an error if a restore runs them. During a test's own changes they do not. */
export const FUNCTIONS_SQL = [
  `CREATE FUNCTION public.fired() RETURNS void LANGUAGE plpgsql AS 'BEGIN IF current_setting(''random.mess'', true) IS DISTINCT FROM ''on'' THEN RAISE ''something fired''; END IF; END'`,
  `CREATE FUNCTION public."trigger fired"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM public.fired(); RETURN coalesce(NEW, OLD); END'`,
  'CREATE SEQUENCE public."the shared one"',
];

/** Adds sequences that belong to no table. @returns their names */
export function addSequences(rendering: Rendering, model: SchemaModel): string[] {
  const { create, features } = rendering;
  return model.sequences.map(({ schema, name: wanted, type, increment, cycles, unlogged }) => {
    const { name } = newName(rendering, schema, wanted);
    create.push(
      `CREATE ${unlogged ? "UNLOGGED " : ""}SEQUENCE ${name} AS ${type} INCREMENT ${increment} MINVALUE -20 MAXVALUE 20 ${cycles ? "CYCLE" : "NO CYCLE"}`,
    );
    features.add(increment < 0 ? "descending sequence" : "free sequence");
    return name;
  });
}

export function triggersSql(rendering: Rendering, model: SchemaModel): string[] {
  return model.triggers.flatMap((trigger) =>
    triggerSql(rendering, at(rendering.tables, trigger.table), trigger),
  );
}

function triggerSql(
  { names, features }: Rendering,
  { name: table, leaves }: Table,
  { name: wanted, kind, state, partitionState, comment }: TriggerModel,
): string[] {
  const name = quoteName(names.give("constraints", wanted));
  const [leaf] = leaves;
  const isRule = kind.startsWith("RULE");
  const object = isRule ? "RULE" : "TRIGGER";
  features.add(`${object.toLowerCase()}, ${state}`);
  const sql = [isRule ? ruleSql(kind, name, table) : createTriggerSql(kind, name, table)];
  if (state !== "ENABLE") sql.push(`ALTER TABLE ${table} ${state} ${object} ${name}`);
  if (leaf && (kind.endsWith("ROW") || kind === "CONSTRAINT") && partitionState !== state) {
    sql.push(`ALTER TABLE ${leaf} ${partitionState} TRIGGER ${name}`);
    features.add("trigger of a partition in a state of its own");
  }
  if (comment) sql.push(`COMMENT ON ${object} ${name} ON ${table} IS 'it''s "fired"'`);
  return sql;
}

const ruleSql = (kind: TriggerModel["kind"], name: string, table: string): string =>
  `CREATE RULE ${name} AS ON INSERT TO ${table} DO ${kind === "RULE ALSO" ? "ALSO SELECT public.fired()" : "INSTEAD NOTHING"}`;

function createTriggerSql(kind: TriggerModel["kind"], name: string, table: string): string {
  const run = 'EXECUTE FUNCTION public."trigger fired"()';
  if (kind === "CONSTRAINT") {
    return `CREATE CONSTRAINT TRIGGER ${name} AFTER INSERT OR UPDATE ON ${table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW ${run}`;
  }
  const [when, event, level = "STATEMENT"] = kind.split(" ");
  return `CREATE TRIGGER ${name} ${when} ${event} ON ${table} FOR EACH ${level} ${run}`;
}

/** @returns also the materialised views that contain rows */
export function viewsSql(
  rendering: Rendering,
  model: SchemaModel,
): { sql: string[]; populated: string[] } {
  const populated: string[] = [];
  const sql = model.views.map(({ table: index, name: wanted, kind }) => {
    const { name } = newName(rendering, index, wanted);
    const query = `SELECT count(*) AS rows FROM ${at(rendering.tables, index).name}`;
    rendering.features.add(kind);
    if (kind === "view") return `CREATE VIEW ${name} AS ${query}`;
    if (kind === "materialized") populated.push(name);
    return `CREATE MATERIALIZED VIEW ${name} AS ${query} WITH ${kind === "materialized" ? "" : "NO "}DATA`;
  });
  return { sql, populated };
}
