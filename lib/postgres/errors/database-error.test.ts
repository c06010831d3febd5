import pg from "pg";
import { expect, it } from "vitest";
import { keyInDetail } from "./database-error.ts";

const withDetail = (detail: string | undefined) =>
  Object.assign(new pg.DatabaseError("m", 1, "error"), { detail });

it.each([
  ["Key (id)=(7) already exists.", "id = 7"],
  ["Key (lower(email))=(a (b)) already exists.", "lower(email) = a (b)"],
  ["Key (a, b)=(1, 2) is duplicated.", "a, b = 1, 2"],
  // PostgreSQL's own translations: German, French, Japanese.
  ["Schlüssel »(id)=(7)« existiert bereits.", "id = 7"],
  ["La clé « (id)=(7) » existe déjà.", "id = 7"],
  ["キー(id)=(7)はすでに存在します。", "id = 7"],
  ["Failing row contains (7, null).", undefined],
  [undefined, undefined],
])("reads a key in every language: %s", (detail, key) => {
  expect(keyInDetail(withDetail(detail))).toBe(key);
});
