/** Types and their awkward values. To add a type or a value, add a line. */
export interface TypeCase {
  /** The type as written in SQL. */
  type: string;
  /** SQL expressions. Each is cast to the type. */
  values: string[];
  /** Values that are too large to be combined with others. They are used alone and in a domain. */
  large?: string[];
  /** What to index, and how. */
  index?: string;
  since?: 18;
}

const text = (...values: string[]) =>
  values.map((value) => `E'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`);

/** Everything with a special meaning somewhere: in JSON, in COPY, in the text of an array or composite, in SQL. */
const AWKWARD = [
  ...["", " ", "  two  ", "null", "NULL", "\\", "\\\\", "\\N", "\\.", "\\n", "\\u0041", "\\x41"],
  ...["'", "''", '"', '""', "`", "$$", "$1", "%", "%s", "a,b", "(a)", "{a}", "[1]", "{}", "()"],
  ...[
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\u0001\u0002\u001f",
    "\u007f",
    "\u0085",
    "\u00a0",
    "\ufeff",
    "\ufffd",
  ],
  ...[
    "\u2028\u2029",
    "é",
    "e\u0301",
    "😀👩‍👩‍👧",
    "\u{10ffff}",
    "ﷺ",
    "\u202eabc",
    '{"$json":1}',
    "<a>&amp;</a>",
    "--",
    ";",
    "/*",
  ],
];

const DATES = [
  "'4714-11-24 BC'",
  "'0001-01-01'",
  "'0001-12-31 BC'",
  "'2024-02-29'",
  "'infinity'",
  "'-infinity'",
];

export const TYPE_CASES: TypeCase[] = [
  { type: "bool", values: ["true", "false"] },
  { type: "int2", values: ["-32768", "32767", "0"].map((it) => `'${it}'`) },
  { type: "int4", values: ["'-2147483648'", "'2147483647'"] },
  {
    type: "int8",
    values: ["'-9223372036854775808'", "'9223372036854775807'", "'9007199254740993'"],
  },
  {
    type: "numeric",
    values: [
      ...[
        "'NaN'",
        "'Infinity'",
        "'-Infinity'",
        "'0'",
        "'-0.000'",
        "'1e-16383'",
        "'1e131071'",
        "'1.10'",
      ],
      ...[
        "repeat('9', 1000)",
        "'-' || repeat('1234567890', 100) || '.' || repeat('0987654321', 50)",
      ],
    ],
  },
  { type: "numeric(30,5)", values: ["'1234567890123456789012345.12345'", "'NaN'"] },
  { type: "numeric(3,-4)", values: ["'9990000'", "'-10000'"] },
  {
    type: "float4",
    values: [
      "NaN",
      "Infinity",
      "-Infinity",
      "-0",
      "0",
      "3.4028235e38",
      "1e-45",
      "-1.1754944e-38",
      "0.1",
      "16777217",
    ].map((it) => `'${it}'`),
  },
  {
    type: "float8",
    values: [
      "NaN",
      "Infinity",
      "-Infinity",
      "-0",
      "1.7976931348623157e308",
      "5e-324",
      "-2.2250738585072014e-308",
      "0.1",
      "0.30000000000000004",
      "9007199254740993",
    ].map((it) => `'${it}'`),
  },
  {
    type: "money",
    values: ["'-92233720368547758.08'", "'92233720368547758.07'", "'-0.01'", "'1234567.89'"],
  },
  {
    type: "text",
    values: [...text(...AWKWARD), "repeat('é\\', 35000)", "repeat(E'\\n', 1000)"],
    // More than a megabyte each. One of them consists of characters that are longer in JSON.
    large: ["repeat('é\\', 350000)", "repeat(E'\\n\"', 530000)"],
    index: "USING gin (v gin_trgm_ops)",
  },
  { type: "varchar", values: text(...AWKWARD) },
  { type: "varchar(20)", values: text(...AWKWARD.filter((it) => it.length <= 10)) },
  { type: "char(9)", values: text("", "a", "  a", "é", "123456789", "a\n", "\\") },
  { type: "bpchar", values: text("", "a  ", "  ") },
  { type: '"char"', values: text("a", "", "\\", '"', ",") },
  { type: "name", values: text("", "a b", '"', "é".repeat(31)) },
  {
    type: "bytea",
    values: [
      "''",
      "'\\x00'",
      "'\\x5c'",
      "'\\x27'",
      "decode(repeat('00ff5c', 10000), 'hex')",
      "(SELECT string_agg(decode(lpad(to_hex(i), 2, '0'), 'hex'), '' ORDER BY i) FROM generate_series(0, 255) i)",
    ],
  },
  { type: "date", values: [...DATES, "'5874897-12-31'"] },
  {
    type: "timestamp",
    values: [
      ...DATES,
      "'294276-12-31 23:59:59.999999'",
      "'4714-11-24 00:00:00 BC'",
      "'1999-12-31 23:59:59.999999'",
      "'1969-12-31 23:59:59.5'",
    ],
  },
  { type: "timestamp(3)", values: ["'2024-01-01 00:00:00.123'", "'infinity'"] },
  {
    type: "timestamptz",
    values: [
      ...DATES.map((it) => it.replace("4714-11-24", "4713-01-01")),
      "'294276-12-31 23:59:59.999999+00'",
      "'2024-03-31 02:30:00+05:45'",
      "'1883-11-18 12:03:58-04:56:02'",
    ],
  },
  { type: "timestamptz(0)", values: ["'2024-01-01 00:00:01+00'"] },
  { type: "time", values: ["'00:00'", "'24:00:00'", "'23:59:59.999999'"] },
  { type: "time(2)", values: ["'12:34:56.78'"] },
  {
    type: "timetz",
    values: ["'00:00+15:59:59'", "'24:00:00-15:59:59'", "'12:34:56.789012+05:45'"],
  },
  {
    type: "interval",
    values: [
      "'0'",
      "'-1 year 2 mons -3 days 04:05:06.789'",
      "'178000000 years'",
      "'-178000000 years'",
      "'1 mon -1 day'",
      "'-00:00:00.000001'",
      "'2147483647 days'",
      "'-2147483648 days'",
      "'2562047788:00:54.775807'",
      "'1 year -1 mon +1 day -1 hour'",
    ],
  },
  { type: "interval", values: ["'infinity'", "'-infinity'"], since: 18 },
  { type: "interval day to second(3)", values: ["'1 day 02:03:04.567'"] },
  {
    type: "uuid",
    values: ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
  },
  { type: "bit(4)", values: ["B'1010'", "B'0000'"] },
  { type: '"bit"', values: ["B'1'", "B'10101'"] },
  { type: "varbit", values: ["B''", "B'0'", "B'101'", "repeat('10', 5000)"] },
  { type: "varbit(7)", values: ["B'1010101'"] },
  {
    type: "inet",
    values: [
      "'10.1.2.3'",
      "'10.1.2.3/8'",
      "'0.0.0.0/0'",
      "'::1'",
      "'::ffff:1.2.3.4/128'",
      "'fe80::1/64'",
    ],
  },
  { type: "cidr", values: ["'10.0.0.0/8'", "'10.1.2.3/32'", "'::/0'", "'2001:db8::/32'"] },
  { type: "macaddr", values: ["'08:00:2b:01:02:03'"] },
  { type: "macaddr8", values: ["'08:00:2b:01:02:03:04:05'"] },
  { type: "point", values: ["'(1.5,-0)'", "'(NaN,Infinity)'", "'(1e-300,0.1)'"] },
  { type: "line", values: ["'{1,-1,0.5}'"] },
  { type: "lseg", values: ["'[(0,0),(1,0.1)]'"] },
  { type: "box", values: ["'(1,1),(0,-0)'"] },
  { type: "path", values: ["'[(0,0),(1,1)]'", "'((0,0),(1,1))'"] },
  { type: "polygon", values: ["'((0,0),(1,1),(1,0))'"] },
  { type: "circle", values: ["'<(0.1,0),5>'"] },
  {
    type: "int4range",
    values: ["'empty'", "'(,)'", "'[1,5)'"],
  },
  { type: "int8range", values: ["'[-9223372036854775808,9223372036854775807)'"] },
  { type: "numrange", values: ["'(1.50,]'", "'[NaN,NaN]'", "'[-Infinity,Infinity]'"] },
  { type: "tsrange", values: [`'["0001-01-01 BC",infinity)'`, "'[2024-01-01 00:00:00.000001,]'"] },
  { type: "tstzrange", values: [`'[-infinity,"2024-01-01 00:00:00+05:45"]'`] },
  { type: "daterange", values: ["'[2024-01-01,2024-02-01)'", "'(,infinity)'"] },
  { type: "int4multirange", values: ["'{}'", "'{[1,3),[5,)}'"] },
  { type: "nummultirange", values: ["'{(,1.5],[2.50,3)}'"] },
  { type: "tstzmultirange", values: [`'{["2024-01-01 00:00+00","2024-01-02 00:00+00")}'`] },
  { type: "text_range", values: [`'["a,b","c\\"\\\\d")'`, `'["",]'`, "'empty'"] },
  {
    type: "json",
    values: [
      "'null'",
      `'{"a" : 1.0,  "a": 2, "b": [ ]}'`,
      `' [1e400, "\\u0000x", "\\ud83d\\ude00"] '`,
      `E'{\\n"$json": 1\\n}'`,
      `'"text"'`,
      "'1'",
      "repeat('[', 1000) || repeat(']', 1000)",
      `'{"":""}'`,
    ],
  },
  {
    type: "jsonb",
    values: [
      "'null'",
      `'{"$json": 1}'`,
      `'{"$json": {"$json": null}, "b": 2}'`,
      "'9007199254740993.10'",
      "'1e400'",
      "'-0'",
      `'"null"'`,
      `'"\\\\u0041 \\" \\u2028"'`,
      "'[]'",
      "'{}'",
      "repeat('[', 1000) || repeat(']', 1000)",
      `'{"__proto__": 1, "": 2}'`,
      "'true'",
      "12345678901234567890::text",
    ],
  },
  { type: "jsonpath", values: [`'$.a[*] ? (@ > "x")'`, "'strict $'"] },
  {
    type: "xml",
    values: [
      "''",
      "'<a/><b/>'",
      "'text &amp; <![CDATA[<x>]]>'",
      `'<?xml version="1.0" encoding="UTF-8"?><a>é</a>'`,
      `'<!DOCTYPE a><a/>'`,
      "E'<a>\\n\\t</a>'",
    ],
  },
  { type: "tsvector", values: ["''", `'a:1A,2B ''it''''s'':3 "b\\\\c"'`, "'fat'"] },
  { type: "tsquery", values: ["''", "'fat:AB & (rat:* | !cat) <2> dog'", `'''it''''s'''`] },
  { type: "oid", values: ["4294967295", "0"] },
  { type: "xid", values: ["'4294967295'"] },
  { type: "xid8", values: ["'18446744073709551615'"] },
  { type: "cid", values: ["'1'"] },
  { type: "tid", values: ["'(0,1)'", "'(4294967295,65535)'"] },
  { type: "pg_lsn", values: ["'0/0'", "'FFFFFFFF/FFFFFFFF'"] },
  { type: "pg_snapshot", values: ["'10:20:10,14,15'"] },
  { type: "txid_snapshot", values: ["'10:20:10,14,15'"] },
  { type: "regclass", values: [`'"Odd ""schema"."T a,b"'`, "'pg_class'", "'4000000000'", "'-'"] },
  { type: "regtype", values: ["'timestamptz'", "'mood'", "'int4[]'"] },
  { type: "regproc", values: ["'pg_catalog.now'"] },
  { type: "regprocedure", values: ["'pg_catalog.abs(int4)'"] },
  { type: "regoper", values: ["'pg_catalog.||/'"] },
  { type: "regoperator", values: ["'+(int4,int4)'"] },
  { type: "regnamespace", values: [`'"Odd ""schema"'`] },
  { type: "regrole", values: ["'pg_monitor'"] },
  { type: "regconfig", values: ["'simple'"] },
  { type: "regdictionary", values: ["'simple'"] },
  { type: "regcollation", values: [`'"C"'`] },
  { type: "refcursor", values: text("a", '"') },
  { type: "int2vector", values: ["'1 2 -3'", "''"] },
  { type: "oidvector", values: ["'1 4294967295'"] },
  { type: "aclitem", values: ["'=r/pg_monitor'"] },
  { type: "mood", values: [`'it''s'`, `'a,b'`, `'"q"'`, `'\\'`, "' '", "'NULL'"] },
  { type: "hstore", values: [`'"a b"=>"c\\"d\\\\", n=>NULL, ""=>"NULL"'`, "''"] },
  { type: "citext", values: text(...AWKWARD) },
  { type: "ltree", values: ["'Top.Science'", "''"] },
  { type: "lquery", values: ["'Top.*{1,2}.a|b@'"] },
  { type: "ltxtquery", values: ["'Europe & Russia*@'"] },
  { type: "cube", values: ["'(1,2.5),(3,-0)'"] },
  { type: "seg", values: ["'1.50 .. 2'", "'~1'"] },
  { type: "isbn13", values: ["'978-0-393-04002-9'"] },
  { type: "query_int", values: ["'1 & !(2|3)'"] },
  { type: "lo", values: ["'42'"] },
];

const EXTENSIONS = ["hstore", "citext", "ltree", "cube", "seg", "isn", "intarray", "lo", "pg_trgm"];

export const TYPES_SQL = `
  ${EXTENSIONS.map((name) => `CREATE EXTENSION ${name};`).join(" ")}
  CREATE SCHEMA "Odd ""schema"; CREATE TABLE "Odd ""schema"."T a,b" ();
  CREATE TYPE mood AS ENUM ('it''s', 'a,b', '"q"', '\\', ' ', 'NULL');
  CREATE TYPE text_range AS RANGE (subtype = text, multirange_type_name = text_multirange);
  SET TimeZone = 'UTC'; SET xmloption = content`;

/**
 * A table with everything that can be made from a type: arrays of several dimensions and other lower bounds, domains
 * over it and over its arrays, composites of these, composites of composites, domains over composites.
 */
export function typeTable(
  { type, values, large = [], index: indexed }: TypeCase,
  index: number,
): string {
  const [domain, arrays, pair, nested, place] = ["domain", "arrays", "pair", "nested", "place"].map(
    (name) => `"Odd ""schema"."${name} ${index}"`,
  );
  const all = values.map((value) => `(${value})::${type}`);
  const some = all[0];
  const last = all.at(-1);
  const array = `ARRAY[${all.join(", ")}, NULL]::${type}[]`;
  return `
    CREATE DOMAIN ${domain} AS ${type}; CREATE DOMAIN ${arrays} AS ${type}[];
    CREATE TYPE ${pair} AS (a ${type}, "b ""c" ${type}[], d ${domain}, e ${arrays}); CREATE TYPE ${nested} AS (x ${pair}, y ${pair}[]); CREATE DOMAIN ${place} AS ${nested};
    CREATE TABLE type_${index} (v ${type}, a ${type}[], d ${domain}, ad ${domain}[], da ${arrays}, c ${pair}, n ${nested}, p ${place}, pp ${place}[]);
    ${indexed ? `CREATE INDEX ON type_${index} ${indexed};` : ""}
    INSERT INTO type_${index} (v, d) VALUES ${[...values, ...large].map((value) => `((${value})::${type}, (${value})::${type})`).join(", ")}, (NULL, NULL);
    INSERT INTO type_${index} (a, ad, da) VALUES (${array}, ${array}::${domain}[], ${array}),
      ('{}', '{}', '{}'), (ARRAY[NULL, NULL]::${type}[], NULL, ARRAY[NULL]::${type}[]),
      (array_fill(${some}, ARRAY[2, 1, 2], ARRAY[-1, 0, 3]), array_fill(${last}, ARRAY[1], ARRAY[7])::${domain}[], ARRAY[ARRAY[${some}, NULL], ARRAY[NULL, ${last}]]);
    INSERT INTO type_${index} (c, n, p, pp)
      SELECT x, y, y, ARRAY[y, NULL]::${place}[] FROM (SELECT ROW(${last}, ${array}, ${some}, ARRAY[NULL]::${type}[])::${pair}) c (x),
      LATERAL (SELECT ROW(x, ARRAY[x, NULL, ROW(NULL, NULL, NULL, NULL)::${pair}])::${nested}) n (y);
    INSERT INTO type_${index} (c, n) VALUES (ROW(NULL, NULL, NULL, NULL), ROW(NULL, NULL)), (ROW(${some}, '{}', NULL, NULL), NULL)`;
}
