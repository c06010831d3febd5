import type { Major } from "../../../scripts/postgres-package.ts";
import { SCALARS } from "./scalars.ts";

/**
 * In how many of a hundred random schemas each feature must occur at least. Otherwise the tests prove less than they
 * seem to.
 */
export const expectedFeatures = (
  major: Major,
): ReadonlyArray<[feature: string, percent: number]> => [
  ["rows that differ", 90],
  ...all(25, ["zip", "folder", "encrypted", "not encrypted"]),
  ...all(5, ["by pg_dump", "into another database"]),

  ...all(
    0.2,
    Object.keys(SCALARS).map((name) => `type ${name}`),
  ),
  ...all(
    5,
    ["scalar", "enum", "domain", "composite", "range"].map((kind) => `array of ${kind}`),
  ),
  ...all(
    2,
    ["scalar", "enum", "domain", "composite", "range", "array"].map(
      (kind) => `domain over ${kind}`,
    ),
  ),
  ...all(10, [
    "enum",
    "composite",
    "nested composite",
    "range",
    "multirange",
    "lower bound of an array",
  ]),

  ...all(10, [
    "self reference",
    "composite foreign key",
    "composite key",
    "deferrable key",
    "no primary key",
  ]),
  ...all(
    0.2,
    [2, 3, 4, 5].flatMap((length) => [
      `circle of ${length}, nullable`,
      `circle of ${length}, NOT NULL`,
    ]),
  ),
  ...all(5, ["several foreign keys between two tables", "comment on a foreign key"]),
  ...all(
    10,
    ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"].flatMap((action) => [
      `ON DELETE ${action}`,
      `ON UPDATE ${action}`,
    ]),
  ),
  ...all(20, [
    "foreign key, valid",
    "foreign key, not valid",
    "foreign key, DEFERRABLE",
    "foreign key, DEFERRABLE INITIALLY DEFERRED",
  ]),
  ...all(10, ["valid check", "not valid check", "stored column", "dropped column", "comment"]),
  ...all(
    3,
    ["constraint", "deferred", "partial", "nulls not distinct"].map((kind) => `unique, ${kind}`),
  ),
  ...all(
    5,
    ["immediate", "deferred", "partial"].map((kind) => `exclusion, ${kind}`),
  ),

  ...all(10, [
    "partitions by list",
    "partitions by range",
    "partitions by hash",
    "default partition",
    "nested partitions",
    "attached partition",
  ]),
  ...all(10, ["foreign key of a partitioned table", "foreign key into a partitioned table"]),
  ...all(10, ["inheritance", "unlogged table", "no rows", "several schemas"]),
  ...all(0.2, [
    "inheritance from two tables",
    "ON DELETE SET NULL of some columns",
    "no columns",
    "one name in two schemas",
    "shared sequence",
  ]),
  ...all(5, [
    "serial",
    "identity always",
    "identity by default",
    "sequence of a default",
    "free sequence",
    "descending sequence",
  ]),
  ...all(
    3,
    ["ENABLE", "DISABLE", "ENABLE REPLICA", "ENABLE ALWAYS"].flatMap((state) => [
      `trigger, ${state}`,
      `rule, ${state}`,
    ]),
  ),
  ["trigger of a partition in a state of its own", 0.2],
  ...all(5, ["view", "materialized", "materialized, not populated"]),
  ...(major >= 18 ? all(10, ["virtual column", "foreign key, not enforced"]) : []),
];

const all = (percent: number, features: readonly string[]): Array<[string, number]> =>
  features.map((feature) => [feature, percent]);
