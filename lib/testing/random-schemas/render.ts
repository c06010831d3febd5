import type { Major } from "../../../scripts/postgres-package.ts";
import { addTable } from "./add-table.ts";
import { createTable } from "./create-table.ts";
import { addForeignKeys, ringLength } from "./foreign-keys.ts";
import type { SchemaModel } from "./model.ts";
import { quoteName } from "./names.ts";
import { startRendering } from "./rendering.ts";
import { messSql, rowsSql } from "./rows.ts";
import { addSequences, FUNCTIONS_SQL, triggersSql, viewsSql } from "./surroundings.ts";

/** A model as SQL. `create`, `rows` and `constrain` in this order make the database. Without `rows` it is empty. */
export interface RenderedSchema {
  /** Types and tables. */
  create: string;
  rows: string;
  /** Everything that would reject or change rows loaded in any order: foreign keys, triggers, rules; and views. */
  constrain: string;
  /** Changes rows and sequences. Skips changes that are impossible. */
  mess: string;
  /** Drops everything. */
  drop: string;
  /** Materialised views that contain rows. */
  populated: string[];
  /** The features that this schema has, of all possible ones. */
  features: Set<string>;
}

export function renderSchema(model: SchemaModel, major: Major): RenderedSchema {
  const rendering = startRendering(model, major);
  const { tables, create, features, schemas } = rendering;
  create.push(
    ...schemas.map((schema) => `CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)}`),
    ...FUNCTIONS_SQL,
  );
  for (const [index, table] of model.tables.entries()) {
    addTable(rendering, table, index < ringLength(model));
  }
  const foreignKeys = addForeignKeys(rendering, model);
  for (const table of tables) createTable(rendering, table);
  const sequences = addSequences(rendering, model);
  const rows = rowsSql(
    tables,
    sequences,
    model.sequences.map(({ calls }) => calls),
  );
  const views = viewsSql(rendering, model);
  const constrain = [
    ...tables.flatMap(({ name, constraints, indexes }) => [
      ...constraints.map((constraint) => `ALTER TABLE ${name} ADD ${constraint}`),
      ...indexes,
    ]),
    ...foreignKeys.flatMap(({ sql }) => sql),
    ...views.sql,
    ...triggersSql(rendering, model),
  ];
  const mess = messSql(tables, sequences, views.populated);
  const isolated = mess.map(
    (statement) => `BEGIN ${statement}; EXCEPTION WHEN OTHERS THEN NULL; END;`,
  );
  return {
    create: statements(create),
    rows: statements(rows),
    constrain: statements(constrain),
    mess: `SET LOCAL session_replication_role = replica; SET LOCAL random.mess = 'on'; DO $mess$ BEGIN\n${isolated.join("\n")}\nEND $mess$`,
    drop: `DROP SCHEMA ${schemas.map(quoteName).join(", ")} CASCADE; CREATE SCHEMA public`,
    populated: views.populated,
    features,
  };
}

const statements = (list: readonly string[]): string => list.map((it) => `${it};\n`).join("");
