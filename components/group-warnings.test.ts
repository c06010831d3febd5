import { expect, it } from "vitest";
import type { Warning } from "../lib/shared/api.ts";
import { groupWarnings } from "./group-warnings.ts";

const table = { schema: "public", name: "a" };
const warning = (code: Warning["code"], message: string): Warning => ({ code, message, table });

it("says what warnings of one kind share only once", () => {
  const groups = groupWarnings([
    warning("ORIGINAL_MICROSECONDS", "Times in public.a (x) were cut to milliseconds."),
    warning(
      "ORIGINAL_JSON_NULL",
      "JSON null and SQL NULL look the same in public.a (x): both become SQL NULL.",
    ),
    warning("ORIGINAL_MICROSECONDS", "Times in public.b (y, z) were cut to milliseconds."),
    warning(
      "ORIGINAL_JSON_NULL",
      "JSON null and SQL NULL look the same in public.b (y): both become SQL NULL.",
    ),
  ]);
  expect(groups).toEqual([
    {
      code: "ORIGINAL_MICROSECONDS",
      text: "Times in these tables were cut to milliseconds.",
      items: ["public.a (x)", "public.b (y, z)"],
    },
    {
      code: "ORIGINAL_JSON_NULL",
      text: "JSON null and SQL NULL look the same in these tables: both become SQL NULL.",
      items: ["public.a (x)", "public.b (y)"],
    },
  ]);
});

it("speaks of several tables in the plural", () => {
  const groups = groupWarnings(
    ["products (a_fkey)", "customers (b_fkey)"].map((to) =>
      warning("PARENT_LEFT_OUT", `public.a refers to public.${to}, which is not in the backup.`),
    ),
  );
  expect(groups).toEqual([
    {
      code: "PARENT_LEFT_OUT",
      text: "public.a refers to these tables, which are not in the backup.",
      items: ["public.products (a_fkey)", "public.customers (b_fkey)"],
    },
  ]);
});

it.each([
  ["nothing", ["One thing.", "Another matter."]],
  ["only the beginning", ["The rows go to public.a.", "The rows go to public.b."]],
  ["only the end", ["public.a is left out.", "public.b is left out."]],
  [
    "words around a column",
    [
      "The column phone of public.a is not there any more.",
      "The column note of public.b is not there any more.",
    ],
  ],
])("leaves sentences whole that share %s", (_what, messages) => {
  const groups = groupWarnings(messages.map((message) => warning("CUT_OFF", message)));
  expect(groups).toEqual([{ code: "CUT_OFF", text: null, items: messages }]);
});

it("leaves sentences whole that are not of tables", () => {
  const messages = ["The role a may not read.", "The role b may not read."];
  const groups = groupWarnings(messages.map((message) => ({ code: "CUT_OFF" as const, message })));
  expect(groups).toEqual([{ code: "CUT_OFF", text: null, items: messages }]);
});

it("leaves one alone, and says the same only once", () => {
  const one = warning("CUT_OFF", "One thing.");
  expect(groupWarnings([one, one])).toEqual([
    { code: "CUT_OFF", text: "One thing.", items: [], table },
  ]);
  expect(groupWarnings([])).toEqual([]);
});
