import { quoteIdentifier } from "../../postgres/identifiers.ts";
import type { TableName } from "../../shared/api.ts";

export interface Redirected extends TableName {
  copy: string;
  /** Whether the copy is also found by the relation's name without a schema. */
  isBare: boolean;
  /** Whether PostgreSQL accepted it. */
  isThere: boolean;
}

/** What may precede a relation's name without a schema. */
const BEFORE = "(?:\\b(?:from|join|only|into|update|table)\\s|,)\\s*";

/** Whether an SQL text seems to name a relation. It is not parsed, so a column with the same name also matches. */
export function namesIn(text: string, { schema, name }: TableName): boolean {
  return (
    wholeName(schema, name).test(text) || new RegExp(`${BEFORE}${spellings(name)}`, "i").test(text)
  );
}

/** Replaces each schema-qualified name in the text. Bare names stay. */
export const replaceNames = (text: string, relations: readonly Redirected[]): string =>
  relations.reduce(
    (replaced, { schema, name, copy }) => replaced.replace(wholeName(schema, name), () => copy),
    text,
  );

const wholeName = (schema: string, name: string): RegExp =>
  new RegExp(`${spellings(schema)}\\s*\\.\\s*${spellings(name)}`, "g");

/** A pattern for a name as it may occur in SQL: quoted, or unquoted in any case. */
export function spellings(name: string): string {
  const literally = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const quoted = literally(quoteIdentifier(name));
  if (!/^[a-z_][a-z0-9_$]*$/.test(name)) return quoted;
  const anyCase = literally(name).replaceAll(
    /[a-z]/g,
    (letter) => `[${letter}${letter.toUpperCase()}]`,
  );
  // The dollar quote at the end of a function's text may follow immediately.
  const end = String.raw`(?![\w"]|\$(?!(?:function|procedure)x*\$))`;
  return `(?:${quoted}|(?<![\\w$"])${anyCase}${end})`;
}

/** Only for inspection, not for execution: a string's content may look like a comment too. */
export const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, " ").replaceAll(/--[^\n]*/g, " ");
