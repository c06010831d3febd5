import { describe, expect, it } from "vitest";
import { isConfirmedBy } from "./database-name.ts";

describe("a database's name is confirmed", () => {
  it.for([
    ["shop", "shop"],
    ["trailing ", "trailing "],
    ["trailing ", "trailing"],
    [" leading", "leading"],
    ["two  blanks", "two  blanks"],
    ["two  blanks", "two blanks"],
    ["no\u00a0break", "no break"],
    ["two\nlines", "two lines"],
    ["cafe\u0301", "caf\u00e9"],
    ["caf\u00e9", "cafe\u0301"],
    ["zero\u200bwidth", "zero\u200bwidth"],
    [`it's a "name"`, `it's a "name"`],
    [" ", " "],
    ["shop", " shop "],
  ] as const)("%j by %j", ([name, typed]) => {
    expect(isConfirmedBy(typed, name)).toBe(true);
  });

  it.for([
    ["shop", ""],
    ["shop", "Shop"],
    ["shop", "shop2"],
    ["shop", "sh op"],
    [" ", ""],
    ["\u200b", ""],
    ["ﬁle", "file"],
  ] as const)("%j not by %j", ([name, typed]) => {
    expect(isConfirmedBy(typed, name)).toBe(false);
  });
});
