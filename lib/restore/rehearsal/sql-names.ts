import { quoteIdentifier } from "../../postgres/identifiers.ts";
import type { TableName } from "../../shared/api.ts";

/** A relation, and in SQL the name of what is to be read in its place. */
export interface Redirected extends TableName {
  copy: string;
  /** It is found by the relation's name without a schema as well. */
  isBare: boolean;
  /** PostgreSQL took it. */
  isThere: boolean;
}

/** What may stand before a relation's bare name, in place of its schema. */
const BEFORE = "(?:\\b(?:from|join|only|into|update|table)\\s|,)\\s*";

/** Whether a text of SQL seems to name a relation. It is not parsed: a column may be called the same. */
export function namesIn(text: string, { schema, name }: TableName): boolean {
  return (
    wholeName(schema, name).test(text) || new RegExp(`${BEFORE}${spellings(name)}`, "i").test(text)
  );
}

/** The text with each whole name replaced. Bare names stay. */
export const replaceNames = (text: string, relations: readonly Redirected[]): string =>
  relations.reduce(
    (replaced, { schema, name, copy }) => replaced.replace(wholeName(schema, name), () => copy),
    text,
  );

const wholeName = (schema: string, name: string): RegExp =>
  new RegExp(`${spellings(schema)}\\s*\\.\\s*${spellings(name)}`, "g");

/** A pattern for a name as it may stand in SQL: in quotes, or folded to lower case. */
export function spellings(name: string): string {
  const literally = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const quoted = literally(quoteIdentifier(name));
  if (!/^[a-z_][a-z0-9_$]*$/.test(name)) return quoted;
  const anyCase = literally(name).replaceAll(
    /[a-z]/g,
    (letter) => `[${letter}${letter.toUpperCase()}]`,
  );
  // What ends a function's text may follow at once.
  const end = String.raw`(?![\w"]|\$(?!(?:function|procedure)x*\$))`;
  return `(?:${quoted}|(?<![\\w$"])${anyCase}${end})`;
}

/** For looking at, not for running: what a string holds may look like a comment as well. */
export const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, " ").replaceAll(/--[^\n]*/g, " ");
