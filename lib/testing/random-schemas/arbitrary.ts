import fc from "fast-check";
import {
  ACTIONS,
  type ForeignKeyModel,
  KEY_TYPES,
  type Name,
  type PartitionModel,
  type SchemaModel,
  STATES,
  type TableModel,
  type Way,
} from "./model.ts";
import { columnType, record } from "./types.ts";

/** 63 bytes. */
const LONGEST = `${"é".repeat(31)}x`;
const NAMES = [
  ...[
    "t",
    "r",
    "line",
    "value",
    "select",
    "Upper Case",
    'quo"te',
    "it's",
    "do.t",
    "sla/sh",
    "back\\slash",
    "$1",
  ],
  ...[
    "%s",
    " lead",
    "../up",
    "a,b",
    "new\nline",
    "tab\t",
    "{}",
    "__proto__",
    "日本語",
    "😀",
    "CON",
    "-dash",
    LONGEST,
  ],
];
const name = fc.constantFrom<Name[]>(...NAMES);
const anyTable = fc.nat(59);
const seed = fc.nat(2 ** 31 - 1);
/** Usually false or null, because a special case is easier to see with few others around it. */
const rarely = fc.oneof(
  { weight: 3, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
);
const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

const partitions = (depth: number): fc.Arbitrary<PartitionModel> =>
  record({
    strategy: fc.constantFrom("list", "range", "hash"),
    parts: fc.array(
      record({
        attached: rarely,
        schema: anyTable,
        partitions:
          depth > 0 ? fc.option(partitions(depth - 1), { freq: 2, nil: null }) : fc.constant(null),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  });

const table: fc.Arbitrary<TableModel> = record({
  schema: anyTable,
  name,
  kind: fc.oneof(
    { withCrossShrink: true },
    { weight: 6, arbitrary: record({ kind: fc.constant("plain" as const), unlogged: rarely }) },
    {
      weight: 2,
      arbitrary: record({
        kind: fc.constant("partitioned" as const),
        partitions: partitions(1),
      }),
    },
    {
      weight: 2,
      arbitrary: record({
        kind: fc.constant("heir" as const),
        parents: fc.array(anyTable, { minLength: 1, maxLength: 2 }),
      }),
    },
  ),
  key: fc.option(
    record({ type: fc.constantFrom(...KEY_TYPES), composite: rarely, deferrable: rarely }),
    { freq: 4, nil: null },
  ),
  columns: fc.array(record({ name, type: columnType, notNull: rarely, dropped: rarely, seed }), {
    maxLength: 4,
  }),
  unique: sometimes(fc.constantFrom("constraint", "deferred", "partial", "nulls not distinct")),
  exclusion: sometimes(fc.constantFrom("immediate", "deferred", "partial")),
  generated: sometimes(fc.constantFrom("stored", "virtual")),
  check: sometimes(fc.constantFrom("valid", "not valid")),
  comment: rarely,
  rows: fc.array(seed, { maxLength: 12 }),
  mess: fc.constantFrom("delete all", "delete one", "update", "insert", "nothing"),
});

const foreignKeyOptions = {
  notNull: fc.boolean(),
  deferrable: fc.constantFrom("", "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"),
  onDelete: fc.constantFrom(...ACTIONS),
  onUpdate: fc.constantFrom(...ACTIONS),
  matchFull: rarely,
  comment: rarely,
} as const;

const foreignKey: fc.Arbitrary<ForeignKeyModel> = record({
  ...foreignKeyOptions,
  from: anyTable,
  // Foreign keys into the same table must be frequent enough.
  to: anyTable,
  toUnique: fc.boolean(),
  name,
  validity: fc.constantFrom("valid", "not valid", "not enforced"),
  seed,
});

export const schemaModel: fc.Arbitrary<SchemaModel> = record({
  // The ring comes first so that it shrinks first. The rest shrinks better without it.
  ring: fc.option(record({ ...foreignKeyOptions, length: fc.constantFrom(2, 3, 4, 5, 5) }), {
    freq: 2,
    nil: null,
  }),
  schemas: fc.uniqueArray(name, { maxLength: 2 }),
  tables: fc.array(table, { minLength: 1, maxLength: 6 }),
  foreignKeys: fc.array(foreignKey, { maxLength: 5 }),
  sequences: fc.array(
    record({
      schema: anyTable,
      name,
      type: fc.constantFrom("bigint", "integer", "smallint"),
      increment: fc.constantFrom(1, -1, 7, -5),
      cycles: fc.boolean(),
      unlogged: rarely,
      calls: fc.nat(5),
    }),
    { maxLength: 2 },
  ),
  triggers: fc.array(
    record({
      table: anyTable,
      name,
      kind: fc.constantFrom(
        "BEFORE INSERT ROW",
        "AFTER INSERT ROW",
        "AFTER INSERT STATEMENT",
        "BEFORE TRUNCATE",
        "CONSTRAINT",
        "RULE INSTEAD",
        "RULE ALSO",
      ),
      state: fc.constantFrom(...STATES),
      partitionState: fc.constantFrom(...STATES),
      comment: rarely,
    }),
    { maxLength: 4 },
  ),
  views: fc.array(
    record({
      table: anyTable,
      name,
      kind: fc.constantFrom("view", "materialized", "materialized, not populated"),
    }),
    { maxLength: 2 },
  ),
});

export const way: fc.Arbitrary<Way> = record({
  kind: fc.constantFrom("zip", "folder"),
  encrypted: fc.boolean(),
  intoCopy: rarely,
  // The comparison with pg_dump takes longer than everything else together.
  byPgDump: fc.oneof(
    { weight: 7, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});
