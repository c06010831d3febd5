import type { Random } from "../../../scripts/seed/random.ts";

/** A base type: some values in PostgreSQL's text form, the first one harmless, and a function that makes more. */
interface Scalar {
  samples: readonly string[];
  random?: (random: Random) => string;
}

const AWKWARD = [
  ..."aZ09 ,;:.'\"`\\/{}[]()<>|&!?*%$#@~^_=+-\t\n\r\u0001\u001f\u007f\u0085\u00a0éßЖ中",
  ...[
    "\u2028",
    "\ufeff",
    "\ufffd",
    "😀",
    "\u{10ffff}",
    "\\N",
    "\\.",
    "NULL",
    "''",
    "\\u0000",
    "--",
  ],
];

/** Text with characters that a format could misread. PostgreSQL does not allow NUL. */
const awkwardText = (random: Random): string =>
  Array.from({ length: random.int(0, 12) }, () => random.pick(AWKWARD)).join("");

const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.int(0, 9)).join("");

const hex = (random: Random, bytes: number): string => random.bytes(bytes).toString("hex");

const integer = (bits: number) => (random: Random) =>
  String(BigInt.asIntN(bits, BigInt(`0x${hex(random, 8)}`)));

const numeric = (random: Random): string =>
  `${random.chance(0.5) ? "-" : ""}${digits(random, random.int(1, 40))}.${digits(random, random.int(0, 40))}`;

const float = (bytes: 4 | 8) => (random: Random) => {
  const buffer = random.bytes(bytes);
  // -0 keeps its sign. Any NaN becomes the same NaN.
  const value = bytes === 4 ? buffer.readFloatLE() : buffer.readDoubleLE();
  return Object.is(value, -0) ? "-0" : String(value);
};

const two = (random: Random, max: number) => String(random.int(0, max)).padStart(2, "0");
const time = (random: Random): string =>
  `${two(random, 23)}:${two(random, 59)}:${two(random, 59)}.${digits(random, 6)}`;
const date = (random: Random): string =>
  `${String(random.int(1, 9999)).padStart(4, "0")}-${String(random.int(1, 12)).padStart(2, "0")}-${String(random.int(1, 28)).padStart(2, "0")}`;
const zone = (random: Random): string =>
  `${random.pick(["+", "-"])}${two(random, 14)}:${two(random, 59)}`;

function json(random: Random, depth = 2): string {
  const inner = () => json(random, depth - 1);
  const text = () => JSON.stringify(awkwardText(random));
  switch (random.int(depth > 0 ? 0 : 3, 7)) {
    case 0:
      return `{"$json" : ${inner()}}`;
    case 1:
      return `{${text()}:${inner()},"b": ${inner()},"b":1}`;
    case 2:
      return `[${inner()} , ${inner()}]`;
    case 3:
      return "null";
    case 4:
      return `${digits(random, 20).replace(/^0+/, "1")}.${digits(random, 20)}`;
    case 5:
      return random.pick(["true", "false", "-0.0", "1E400", "1.10", "[]", "{}"]);
    default:
      return text();
  }
}

const JSON_SAMPLES = [
  "{}",
  "null",
  '{"$json": null}',
  '{"a" : 1.0,  "a": 2, "b": [ ]}',
  '"\\ud83d\\ude00"',
  "12345678901234567890.100",
];
const TEXT_SAMPLES = [
  "a",
  "",
  "NULL",
  "null",
  " ",
  "\\",
  "\\N",
  "\\.",
  '"',
  "'",
  "{}",
  "a,b",
  "\u2028",
  "😀",
  "\r\n",
];
const POINT_SAMPLES = ["(0,0)", "(1.5,-0)", "(Infinity,NaN)", "(5e-324,1.7976931348623157e308)"];

/** Numbers in a type's name are digits or lengths. */
export const SCALARS: Record<string, Scalar> = {
  int4: { samples: ["0", "2147483647", "-2147483648"], random: integer(32) },
  text: { samples: TEXT_SAMPLES, random: awkwardText },
  bool: { samples: ["f", "t"] },
  int2: { samples: ["0", "32767", "-32768"], random: integer(16) },
  int8: {
    samples: ["0", "9223372036854775807", "-9223372036854775808", "9007199254740993"],
    random: integer(64),
  },
  numeric: {
    samples: ["0", "NaN", "Infinity", "-Infinity", "0.000", `1${"0".repeat(999)}`, "1e-900"],
    random: numeric,
  },
  "numeric(20,5)": { samples: ["0", "NaN", "123456789012345.12345", "-0.00001"] },
  float4: { samples: ["0", "-0", "NaN", "-Infinity", "3.4028235e38", "1e-45"], random: float(4) },
  float8: {
    samples: ["0", "-0", "NaN", "Infinity", "1.7976931348623157e308", "5e-324"],
    random: float(8),
  },
  "varchar(9)": {
    samples: TEXT_SAMPLES,
    random: (random) => [...awkwardText(random)].slice(0, 9).join(""),
  },
  "char(5)": { samples: ["a", "", "ab ", "é😀"] },
  name: { samples: ["a", "", "it's"] },
  '"char"': { samples: ["a", "", "\\", '"', "\\351"] },
  bytea: {
    samples: ["\\x", "\\x00", "\\x5c7827", "\\xff00fe"],
    random: (random) => `\\x${hex(random, random.int(0, 40))}`,
  },
  uuid: { samples: ["00000000-0000-0000-0000-000000000000"], random: (random) => random.uuid() },
  timestamp: {
    samples: [
      "2000-01-01 00:00:00",
      "4713-01-01 00:00:00 BC",
      "294276-12-31 23:59:59.999999",
      "infinity",
      "-infinity",
    ],
    random: (random) => `${date(random)} ${time(random)}`,
  },
  timestamptz: {
    samples: [
      "2000-01-01 00:00:00+00",
      "294276-12-31 23:59:59.999999+00",
      "0044-03-15 12:00:00.000001+00 BC",
      "infinity",
    ],
    random: (random) => `${date(random)} ${time(random)}${zone(random)}`,
  },
  "timestamptz(3)": { samples: ["2024-02-29 12:34:56.123+00", "-infinity"] },
  date: {
    samples: ["2000-01-01", "5874897-12-31", "4713-01-01 BC", "infinity", "-infinity"],
    random: date,
  },
  time: { samples: ["00:00:00", "24:00:00", "23:59:59.999999"], random: time },
  timetz: {
    samples: ["00:00:00+00", "24:00:00+15:59", "23:59:59.999999-15:59:59"],
    random: (random) => `${time(random)}${zone(random)}`,
  },
  interval: {
    samples: [
      "00:00:00",
      "-1 year 2 mons -3 days 04:05:06.789",
      "178000000 years",
      "-00:00:00.000001",
    ],
    random: (random) =>
      `${random.int(-99, 99)} mons ${random.int(-99, 99)} days ${random.pick(["", "-"])}${time(random)}`,
  },
  "bit(4)": { samples: ["0000", "1010"] },
  varbit: { samples: ["", "101", "1".repeat(70)] },
  inet: { samples: ["10.1.2.3", "10.1.2.3/8", "::1/64", "::ffff:1.2.3.4", "0.0.0.0/0"] },
  cidr: { samples: ["10.0.0.0/8", "10.1.2.3/32", "::/0"] },
  macaddr: { samples: ["08:00:2b:01:02:03"] },
  macaddr8: { samples: ["08:00:2b:01:02:03:04:05"] },
  point: { samples: POINT_SAMPLES },
  line: { samples: ["{1,2,3}", "{0,-1,0.1}"] },
  lseg: { samples: ["[(0,0),(1,0.1)]"] },
  box: { samples: ["(1,1),(0,0)", "(0.1,5e-324),(-1,-2)"] },
  path: { samples: ["((0,0),(1,1))", "[(0,0),(0.1,-0)]"] },
  polygon: { samples: ["((0,0),(0,1),(1,0.1))"] },
  circle: { samples: ["<(0,0),1>", "<(0.1,-0),0>"] },
  json: { samples: [...JSON_SAMPLES, "[1,2 ,\n 3]"], random: json },
  jsonb: { samples: JSON_SAMPLES, random: json },
  xml: { samples: ["<a/>", "", "text &amp; <b>1</b>", '<?xml version="1.0"?><a>é</a>'] },
  tsvector: { samples: ["'a'", "", "'a':1 'fat':2A,3B 'it''s'", "'\\\\'"] },
  tsquery: { samples: ["'a'", "", "'fat' & ( 'rat' | !'cat' )", "'a' <2> 'b':*A"] },
  money: { samples: ["$0.00", "-$1,234.56", "$92,233,720,368,547,758.07"] },
  oid: { samples: ["0", "4294967295"] },
  regclass: { samples: ["pg_class", "-", "4294967295"] },
  pg_lsn: { samples: ["0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"] },
};

/** Subtypes of ranges: ascending values for the bounds, and the built-in range type, if there is one. */
export const RANGES: Record<string, { builtIn: string | null; bounds: readonly string[] }> = {
  int4: { builtIn: "int4", bounds: ["-2147483648", "-1", "0", "7", "2147483646"] },
  int8: { builtIn: "int8", bounds: ["-9223372036854775808", "0", "9007199254740993"] },
  numeric: { builtIn: "num", bounds: ["-Infinity", "-0.5", "0.000", "1e50", "Infinity"] },
  timestamp: {
    builtIn: "ts",
    bounds: ["-infinity", "4713-01-01 00:00:00 BC", "2000-01-01 00:00:00.000001", "infinity"],
  },
  timestamptz: {
    builtIn: "tstz",
    bounds: ["0044-03-15 12:00:00+00 BC", "2000-01-01 00:00:00+05:45", "infinity"],
  },
  date: { builtIn: "date", bounds: ["4713-01-01 BC", "2000-01-01", "2024-02-29", "5874897-12-30"] },
  text: { builtIn: null, bounds: ["", " ", '"', "(", ",", "NULL", "\\", "]", "a,b"] },
  float8: { builtIn: null, bounds: ["-Infinity", "-0", "5e-324", "0.1", "Infinity"] },
};
