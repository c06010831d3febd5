import pg from "pg";

interface Column {
  name: string;
  /** The name of the base type, for example `int4`. For a domain, its base type. */
  type: string;
  category: string;
  sqlType: string;
  maxLength: number | null;
  notNull: boolean;
  hasDefault: boolean;
}

interface Table {
  name: string;
  columns: Column[];
  foreignKeys: Array<{ to: string; columns: string[]; referenced: string[] }>;
}

/** Reads the catalog independently of the library. Columns that PostgreSQL computes are left out. */
const TABLES_SQL = `
  SELECT c.oid::regclass::text AS name,
    (SELECT json_agg(json_build_object('name', a.attname, 'type', t.typname, 'category', t.typcategory,
        'sqlType', format_type(a.atttypid, a.atttypmod), 'maxLength', nullif(a.atttypmod, -1) - 4,
        'notNull', a.attnotnull, 'hasDefault', a.atthasdef OR a.attidentity <> '') ORDER BY a.attnum)
      FROM pg_attribute a JOIN pg_type d ON d.oid = a.atttypid
      JOIN pg_type t ON t.oid = CASE d.typtype WHEN 'd' THEN d.typbasetype ELSE d.oid END
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
    (SELECT coalesce(json_agg(json_build_object('to', k.confrelid::regclass::text,
        'columns', (SELECT json_agg(a.attname ORDER BY x.n) FROM unnest(k.conkey) WITH ORDINALITY x (attnum, n)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.attnum),
        'referenced', (SELECT json_agg(a.attname ORDER BY x.n) FROM unnest(k.confkey) WITH ORDINALITY x (attnum, n)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.attnum))), '[]')
      FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f') AS "foreignKeys"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_'
    AND n.nspname NOT IN ('information_schema', 'prisma_backup_admin') AND c.relname <> '_prisma_migrations'
  ORDER BY 1`;

/**
 * Writes one new row into every table, in one transaction, as an app would. It leaves defaults to PostgreSQL. A
 * reference to another table refers to that table's new row.
 *
 * @returns the tables' names, sorted
 * @throws PostgreSQL's error for the first row that it refuses, for example because the key exists already
 */
export async function writeRowIntoEveryTable(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("BEGIN; SET LOCAL search_path = ''");
    const { rows: tables } = await client.query<Table>(TABLES_SQL);
    const written = new Map<string, Record<string, string | null>>();
    while (written.size < tables.length) {
      const table = tables.find((it) => !written.has(it.name) && isReady(it, written));
      if (!table) throw new Error("Tables that require each other: no row can be the first.");
      written.set(table.name, await writeRow(client, table, written));
    }
    await client.query("SET CONSTRAINTS ALL IMMEDIATE");
    await client.query("COMMIT");
    return [...written.keys()].sort();
  } finally {
    await client.end();
  }
}

type Written = ReadonlyMap<string, Record<string, string | null>>;

const isReady = (table: Table, written: Written): boolean =>
  table.foreignKeys.every(
    ({ to, columns }) =>
      written.has(to) ||
      columns.some((name) => !table.columns.find((column) => column.name === name)?.notNull),
  );

async function writeRow(client: pg.Client, table: Table, written: Written) {
  const parameters: unknown[] = [];
  const values = new Map<string, string>();
  for (const column of table.columns) {
    if (!column.hasDefault) values.set(column.name, newValue(table, column));
  }
  for (const { to, columns, referenced } of table.foreignKeys) {
    const parent = written.get(to);
    for (const [index, name] of columns.entries()) {
      const value = parent?.[referenced[index] ?? ""] ?? null;
      const column = table.columns.find((it) => it.name === name);
      values.set(name, `$${parameters.push(value)}::text::${column?.sqlType}`);
    }
  }
  const names = [...values.keys()].map(pg.escapeIdentifier);
  const row =
    names.length === 0
      ? "DEFAULT VALUES"
      : `(${names.join(", ")}) VALUES (${[...values.values()].join(", ")})`;
  // As text, so that a key keeps its exact value.
  const { rows } = await client.query<{ row: Record<string, string | null> }>(
    `WITH new AS (INSERT INTO ${table.name} ${row} RETURNING *)
     SELECT (SELECT json_object_agg(key, value) FROM json_each_text(row_to_json(new))) AS row FROM new`,
    parameters,
  );
  return rows[0]?.row ?? {};
}

/** Returns an SQL expression for a value that no other row has, if the type has enough values. */
function newValue({ name: table }: Table, column: Column): string {
  const name = pg.escapeIdentifier(column.name);
  switch (column.type) {
    case "int2":
    case "int4":
    case "int8":
      return `(SELECT coalesce(max(${name}), 0) + 1 FROM ${table})`;
    case "text":
    case "varchar":
    case "bpchar":
      return `left(gen_random_uuid()::text, ${column.maxLength ?? 36})`;
    case "uuid":
      return "gen_random_uuid()";
    case "bytea":
      return "decode('00ff5c', 'hex')";
    case "json":
    case "jsonb":
      return `'{"written": "after the move"}'`;
    case "bool":
      return "true";
  }
  if (column.category === "N") return "1";
  if (column.category === "D") return `now()::${column.sqlType}`;
  if (column.category === "A") return "'{}'";
  if (column.category === "E") return `(enum_range(NULL::${column.sqlType}))[1]`;
  if (!column.notNull) return "NULL";
  throw new Error(`There is no value yet for the type ${column.sqlType} of ${table}.${name}.`);
}
