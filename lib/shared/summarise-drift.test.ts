import { expect, test } from "vitest";
import type { Drift } from "./api.ts";
import { summariseDrift } from "./summarise-drift.ts";

const table = (name: string) => ({ schema: "public", name });
const missing = (name: string): Drift => ({
  kind: "table-missing",
  table: table(name),
  blocks: true,
  message: `The database has no table public.${name}.`,
  remedy: "Make it.",
});
const changed = (name: string, column: string, to: string): Drift => ({
  kind: "type-changed",
  table: table(name),
  column,
  blocks: true,
  message: `The column ${column} of public.${name} was text and is ${to} now.`,
});

test("one of a kind is said as it is, and several once", () => {
  const drift = [
    missing("a"),
    changed("b", "x", "integer"),
    missing("c"),
    changed("b", "y", "date"),
    changed("b", "of public.b ", "date"),
  ];
  expect(summariseDrift(drift).map(({ message }) => message)).toEqual([
    "The database has no tables public.a and public.c.",
    "The column x of public.b was text and is integer now.",
    "Each of 2 columns (public.b.y and public.b.of public.b ) was text and is date now.",
  ]);
  expect(summariseDrift(drift)[0]).toMatchObject({
    remedy: "Make it.",
    drift: [drift[0], drift[2]],
  });
  expect(summariseDrift([])).toEqual([]);
});

test("a sequence is no table, and what blocks is not what does not", () => {
  const sequence = (name: string): Drift => ({
    ...missing(name),
    blocks: false,
    message: `The database has no sequence public.${name}; its state is left out.`,
  });
  expect(
    summariseDrift([
      missing("a"),
      sequence("s"),
      sequence("r"),
      { ...missing("b"), blocks: false },
    ]).map(({ message }) => message),
  ).toEqual([
    "The database has no table public.a.",
    "The database has no sequences public.s and public.r; its state is left out.",
    "The database has no table public.b.",
  ]);
});

test("a sentence that begins otherwise stands for itself", () => {
  const other = (name: string): Drift => ({
    ...missing(name),
    message: `The model ${name} has no table.`,
  });
  expect(summariseDrift([other("A"), other("B")]).map(({ message }) => message)).toEqual([
    "The model A has no table.",
    "The model B has no table.",
  ]);
});
