import fc from "fast-check";
import type { Random } from "../../../scripts/seed/random.ts";
import { RANGES, SCALARS } from "./scalars.ts";

/** A column's type as plain data. If a type has to be created, each use creates its own. */
export type ColumnType =
  | { kind: "scalar"; name: string }
  | { kind: "enum"; labels: string[] }
  | { kind: "array"; of: ColumnType }
  | { kind: "domain"; over: ColumnType; refusesNull: boolean }
  | { kind: "composite"; fields: ColumnType[] }
  | { kind: "range"; of: string; multi: boolean };

const LABELS = [
  "sad",
  "it's ok",
  "a,b",
  'qu"ote',
  "NULL",
  "back\\slash",
  "{}",
  "(x)",
  " ",
  "ünï😀",
  "x".repeat(63),
];

/** Makes records with the usual prototype, which print more readably. */
export const record = <T>(arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(arbitraries, { noNullPrototype: true }) as fc.Arbitrary<T>;

const scalar = record({
  kind: fc.constant("scalar" as const),
  name: fc.constantFrom(...Object.keys(SCALARS)),
});
const enumeration = record({
  kind: fc.constant("enum" as const),
  labels: fc.uniqueArray(fc.constantFrom(...LABELS), { minLength: 1, maxLength: 4 }),
});
const range = record({
  kind: fc.constant("range" as const),
  of: fc.constantFrom(...Object.keys(RANGES)),
  multi: fc.boolean(),
});

function typeArbitrary(depth: number): fc.Arbitrary<ColumnType> {
  const simple = [
    { weight: 5, arbitrary: scalar },
    { weight: 1, arbitrary: enumeration },
    { weight: 1, arbitrary: range },
  ];
  if (depth === 0) return fc.oneof({ withCrossShrink: true }, ...simple);
  const inner = typeArbitrary(depth - 1);
  return fc.oneof(
    { withCrossShrink: true },
    ...simple,
    // PostgreSQL has arrays of several dimensions, but no arrays of arrays.
    {
      weight: 3,
      arbitrary: record({
        kind: fc.constant("array" as const),
        of: inner.filter(({ kind }) => kind !== "array"),
      }),
    },
    {
      weight: 2,
      arbitrary: record({
        kind: fc.constant("domain" as const),
        over: inner,
        refusesNull: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: record({
        kind: fc.constant("composite" as const),
        fields: fc.array(inner, { minLength: 1, maxLength: 3 }),
      }),
    },
  );
}

export const columnType = typeArbitrary(2);

/** Returns the types that a type consists of, itself included. */
export function partsOf(type: ColumnType): ColumnType[] {
  switch (type.kind) {
    case "array":
      return [type, ...partsOf(type.of)];
    case "domain":
      return [type, ...partsOf(type.over)];
    case "composite":
      return [type, ...type.fields.flatMap(partsOf)];
    default:
      return [type];
  }
}

/** @param create runs `CREATE … <name> …` for a type that is not built in, and returns the name */
export function typeName(
  type: ColumnType,
  create: (sql: (name: string) => string) => string,
): string {
  switch (type.kind) {
    case "scalar":
      return type.name;
    case "enum":
      return create(
        (name) => `CREATE TYPE ${name} AS ENUM (${type.labels.map(quoteText).join(", ")})`,
      );
    case "array":
      return `${typeName(type.of, create)}[]`;
    case "domain": {
      const over = typeName(type.over, create);
      return create(
        (name) => `CREATE DOMAIN ${name} AS ${over}${type.refusesNull ? " NOT NULL" : ""}`,
      );
    }
    case "composite": {
      const fields = type.fields.map((field, index) => `"f ${index}" ${typeName(field, create)}`);
      return create((name) => `CREATE TYPE ${name} AS (${fields.join(", ")})`);
    }
    case "range": {
      const builtIn = RANGES[type.of]?.builtIn;
      if (builtIn) return `${builtIn}${type.multi ? "multi" : ""}range`;
      if (!type.multi)
        return create((name) => `CREATE TYPE ${name} AS RANGE (subtype = ${type.of})`);
      let multi = "";
      create((name) => {
        multi = name.replace(/"$/, ' m"');
        return `CREATE TYPE ${name} AS RANGE (subtype = ${type.of}, multirange_type_name = ${multi})`;
      });
      return multi;
    }
  }
}

export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const inQuotes = (text: string): string => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;

const refusesNull = (type: ColumnType): boolean =>
  type.kind === "domain" && (type.refusesNull || refusesNull(type.over));

/** Arrays of boxes have another delimiter, because a box contains commas. */
const delimiterOf = (type: ColumnType): string =>
  type.kind === "domain"
    ? delimiterOf(type.over)
    : type.kind === "scalar" && type.name === "box"
      ? ";"
      : ",";

/** Returns a value in PostgreSQL's text form, or null for NULL. Without `random`, the simplest value. */
export function valueFor(type: ColumnType, random: Random | null): string | null {
  return refusesNull(type) || random?.chance(0.85) ? notNull(type, random) : null;
}

/** Like `valueFor`, but never NULL. */
export function notNull(type: ColumnType, random: Random | null): string {
  switch (type.kind) {
    case "scalar": {
      const { samples, random: make } = SCALARS[type.name] ?? { samples: [] };
      if (!random) return samples[0] ?? "";
      return make && random.chance(0.5) ? make(random) : random.pick(samples);
    }
    case "enum":
      return random ? random.pick(type.labels) : (type.labels[0] ?? "");
    case "domain":
      return notNull(type.over, random);
    case "array":
      return random ? arrayOf(type.of, random) : "{}";
    case "composite":
      return `(${type.fields.map((field) => textOf(valueFor(field, random), "")).join(",")})`;
    case "range":
      if (!type.multi) return rangeOf(type.of, random);
      return `{${Array.from({ length: random?.int(0, 3) ?? 0 }, () => rangeOf(type.of, random)).join(",")}}`;
  }
}

const textOf = (value: string | null, nothing: string): string =>
  value === null ? nothing : inQuotes(value);

function arrayOf(element: ColumnType, random: Random): string {
  const delimiter = delimiterOf(element);
  const list = (length: number, item: () => string): string =>
    `{${Array.from({ length }, item).join(delimiter)}}`;
  const item = () => textOf(valueFor(element, random), "NULL");
  const [outer, inner] = [random.int(0, 3), random.int(1, 2)];
  if (outer === 0) return "{}";
  const start = random.pick([1, 1, 0, -3, 7]);
  const bounds = (lower: number, length: number) => `[${lower}:${lower + length - 1}]`;
  if (random.chance(0.6))
    return `${start === 1 ? "" : `${bounds(start, outer)}=`}${list(outer, item)}`;
  return `${start === 1 ? "" : `${bounds(1, outer)}${bounds(start, inner)}=`}${list(outer, () => list(inner, item))}`;
}

function rangeOf(subtype: string, random: Random | null): string {
  const { bounds } = RANGES[subtype] ?? { bounds: [] };
  if (!random || random.chance(0.2)) return "empty";
  const lower = random.int(0, bounds.length - 1);
  const upper = random.int(lower, bounds.length - 1);
  const bound = (index: number) => (random.chance(0.2) ? "" : inQuotes(bounds[index] ?? ""));
  return `${random.pick(["[", "("])}${bound(lower)},${bound(upper)}${random.pick(["]", ")"])}`;
}
