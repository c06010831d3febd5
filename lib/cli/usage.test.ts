import { expect, test } from "vitest";
import { remedyLines } from "./remedy-lines.ts";
import { parseExclusion, parseOptions, parseTableName, UsageError } from "./usage.ts";

test.for([
  ["public.User", "public", "User"],
  ["public.a b", "public", "a b"],
  ['"my.schema"."my table"', "my.schema", "my table"],
  ['public."a.b"', "public", "a.b"],
  ['"a"."say ""hi"""', "a", 'say "hi"'],
  ["Größe.日本", "Größe", "日本"],
])("%s", ([text = "", schema, name]) => {
  expect(parseTableName(text)).toEqual({ schema, name });
});

test.for(["User", "", ".", "public.", ".User", 'public."User', "a.b.c", '"".x', 'x.""', 'a"b.c'])(
  "“%s” is wrong usage",
  (text) => {
    expect(() => parseTableName(text)).toThrow(UsageError);
  },
);

test.for([
  ["auth", "auth", undefined],
  ["auth.*", "auth", undefined],
  ['"my.schema"', "my.schema", undefined],
  ['"my.schema".*', "my.schema", undefined],
  ["auth.users", "auth", "users"],
  ['auth."*"', "auth", "*"],
])("what to leave out: %s", ([text = "", schema = "", name]) => {
  const parsed = parseExclusion(text);
  expect(parsed).toEqual(name === undefined ? { schema } : { schema, name });
  const [line = ""] = remedyLines(
    undefined,
    name === undefined
      ? { tables: [{ schema, name: "any" }], wholeSchemas: [schema] }
      : { tables: [{ schema, name }], wholeSchemas: [] },
  );
  const [, word = ""] = / --exclude '?([^']*)'?$/.exec(line) ?? [];
  expect(parseExclusion(word)).toEqual(parsed);
});

test.for(["", ".", "a.", "a.b.c", '"a', "*.t."])("“%s” leaves nothing out", (text) => {
  expect(() => parseExclusion(text)).toThrow(UsageError);
});

test("unknown options and too many words are wrong usage", () => {
  expect(() => parseOptions(["--nope"], {})).toThrow(UsageError);
  expect(() => parseOptions(["a", "b"], {}, 1)).toThrow(UsageError);
  expect(() => parseOptions([], {}, 1)).toThrow(UsageError);
  expect(parseOptions(["a"], {}, 1).file).toBe("a");
});
