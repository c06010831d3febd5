import { randomBytes } from "node:crypto";
import type pg from "pg";
import { BackupError } from "../errors.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import { tableLabel } from "../shared/table-name.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import type { Load } from "./load.ts";

/** A load into a copy, which is an empty plain table without constraints that only this transaction sees. */
export interface CopiedLoad extends Load {
  /** Columns that stay NULL in the copy, because their default runs code that may do more than return a value. */
  unknownColumns: ReadonlySet<string>;
}

export interface TableCopies<L> {
  loads: Array<L & CopiedLoad>;
  /** The schema that was created for the copies; null if they are temporary tables. */
  ownSchema: string | null;
}

/**
 * Creates a copy of each table. Temporary tables write no write-ahead log and leave nothing behind even after a crash.
 * If the role may not create any, the copies are created in a new schema. The tables get no stronger lock than ACCESS
 * SHARE.
 *
 * @returns the loads, each into its copy
 * @throws BackupError INSUFFICIENT_PRIVILEGE if the role may create neither
 */
export async function createTableCopies<L extends Load>(
  client: pg.ClientBase,
  loads: readonly L[],
): Promise<TableCopies<L>> {
  const { schema, kind } = await createPlace(client);
  const copied: Array<L & CopiedLoad> = [];
  for (const [index, load] of loads.entries()) {
    const { table } = load;
    const into: CatalogTable = {
      ...table,
      schema,
      name: `rehearsal_${index + 1}`,
      kind: "table",
      partitions: [],
      inherits: [],
      heirs: [],
    };
    const name = quoteTable(into);
    const { defaults, unknownColumns } = await defaultsOf(client, { ...load, into }, kind);
    const changes = [
      ...table.columns
        .filter(({ notNull }) => notNull)
        .map((column) => `ALTER ${quoteIdentifier(column.name)} DROP NOT NULL`),
      ...defaults,
    ];
    const create = `CREATE ${kind} TABLE ${name} (LIKE ${quoteTable(table)} INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)`;
    const alter = changes.length > 0 ? `; ALTER TABLE ${name} ${changes.join(", ")}` : "";
    await client.query(create + alter);
    copied.push({ ...load, into, unknownColumns });
  }
  return { loads: copied, ownSchema: kind === "UNLOGGED" ? schema : null };
}

/** Drops the copies to free their space, in a transaction that continues and is committed. */
export async function dropTableCopies(
  client: pg.ClientBase,
  { loads, ownSchema }: TableCopies<Load>,
): Promise<void> {
  for (const { into } of loads) await client.query(`DROP TABLE ${quoteTable(into)}`);
  if (ownSchema !== null) await client.query(`DROP SCHEMA ${quoteIdentifier(ownSchema)} CASCADE`);
}

async function createPlace(
  client: pg.ClientBase,
): Promise<{ schema: string; kind: "TEMPORARY" | "UNLOGGED" }> {
  const { rows } = await client.query<{ temporary: boolean; create: boolean }>(
    `SELECT pg_catalog.has_database_privilege(d.oid, 'TEMPORARY') AS temporary, pg_catalog.has_database_privilege(d.oid, 'CREATE') AS create
     FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
  );
  const [may] = rows;
  if (may?.temporary) return { schema: "pg_temp", kind: "TEMPORARY" };
  if (may?.create) {
    // A random name: with one that can be guessed, somebody could block all trial runs by creating the schema first.
    const schema = `prisma_backup_admin_rehearsal_${randomBytes(8).toString("hex")}`;
    await client.query(`CREATE SCHEMA ${quoteIdentifier(schema)}`);
    return { schema, kind: "UNLOGGED" };
  }
  throw new BackupError(
    "INSUFFICIENT_PRIVILEGE",
    "The database role may make neither temporary tables nor a schema in this database, so that there is no place for the backup's rows beside the tables. Nothing was changed.",
    {
      hint: "Grant it TEMPORARY or CREATE on the database, or connect as the database's owner.",
      details: { privilege: "TEMPORARY" },
    },
  );
}

/** `draws`: from a sequence, which would advance even after a rollback. `opaque`: calls users' code that may do so. */
const DEFAULTS_SQL = `
  SELECT a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
    pg_get_expr(coalesce(ad.adbin, dt.typdefaultbin), coalesce(ad.adrelid, 0)) AS expression,
    a.attidentity <> '' AS draws,
    EXISTS (SELECT FROM pg_depend d JOIN pg_proc p ON p.oid = d.refobjid AND p.provolatile = 'v'
      WHERE d.refclassid = 'pg_proc'::regclass
        AND (d.classid = 'pg_attrdef'::regclass AND d.objid = ad.oid OR ad.oid IS NULL AND d.classid = 'pg_type'::regclass AND d.objid = dt.oid)) AS opaque
  FROM pg_attribute a
  JOIN pg_type dt ON dt.oid = a.atttypid
  LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
  WHERE a.attrelid = $1 AND a.attname = ANY ($2)`;

/** Only defaults of this form count as a plain value of the sequence. */
const PLAIN_NEXTVAL = /^\(?nextval\('(?:[^']|'')+'::regclass\)\)?(?:::[a-z]+)?$/;

/** The defaults of columns that the archive does not have. Other defaults are never used. */
async function defaultsOf(
  client: pg.ClientBase,
  { table, into, columns }: Load,
  kind: "TEMPORARY" | "UNLOGGED",
): Promise<{ defaults: string[]; unknownColumns: Set<string> }> {
  const defaults: string[] = [];
  const unknownColumns = new Set<string>();
  const added = table.columns.filter(
    ({ name, generated, hasDefault }) =>
      hasDefault && !generated && !columns.some((column) => column.name === name),
  );
  if (added.length === 0) return { defaults, unknownColumns };
  const { rows } = await client.query<{
    column: string;
    expression: string | null;
    draws: boolean;
    opaque: boolean;
  }>(DEFAULTS_SQL, [table.oid, added.map(({ name }) => name)]);
  for (const [index, { column, expression, draws, opaque }] of rows.entries()) {
    const alter = `ALTER ${quoteIdentifier(column)} SET DEFAULT`;
    if (draws || PLAIN_NEXTVAL.test(expression ?? "")) {
      const sequence = quoteTable({ ...into, name: `${into.name}_${index + 1}_seq` });
      await client.query(`CREATE ${kind === "TEMPORARY" ? kind : ""} SEQUENCE ${sequence}`);
      defaults.push(`${alter} pg_catalog.nextval('${sequence}'::regclass)`);
    } else if (opaque || /\b(?:next|set)val\(/i.test(expression ?? "")) {
      defaults.push(`${alter} NULL`);
      unknownColumns.add(column);
    } else if (expression !== null) {
      defaults.push(`${alter} ${expression}`);
    }
  }
  return { defaults, unknownColumns };
}

/** A sentence for each column whose values are not known beforehand. */
export const describeUnknownColumns = ({ table, unknownColumns }: CopiedLoad): string[] =>
  [...unknownColumns].map(
    (column) =>
      `The column ${column} of ${tableLabel(table)} is not in the backup, and its default calls a function that may do more than give a value. Its values are not known beforehand.`,
  );
