/** A type of a schema, as `format_type` writes it; its names as they stand in SQL. */
interface NamedType {
  schema: string;
  name: string;
  /** `(3)`, `(Point,4326)`; empty where it has none. */
  modifier: string;
  isArray: boolean;
}

const IDENTIFIER = '[a-z_][a-z0-9_]*|"(?:[^"]|"")+"';
const TYPE = new RegExp(`^(${IDENTIFIER})\\.(${IDENTIFIER})(\\([^()"]*\\))?(\\[\\])?$`);

/** @returns null for a type that is built in */
function parseType(type: string): NamedType | null {
  const match = TYPE.exec(type);
  if (!match) return null;
  const [, schema = "", name = "", modifier = "", array] = match;
  return { schema, name, modifier, isArray: array !== undefined };
}

/** Whether a word is quoted depends on the version: it may be a key word since. */
const unquote = (identifier: string): string =>
  identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;

const isSame = (a: string, b: string): boolean => unquote(a) === unquote(b);

interface Move {
  isRenamed: boolean;
  /** What would give the type back its name and schema. */
  statements: string[];
}

/**
 * How the type of a column could be the one that it had, in another schema or by another name. Of the same name, it is
 * taken for the same: extensions and enums are moved, and what does not fit is an error of the restore.
 *
 * @returns null where it cannot be
 */
export function findMove(from: string, to: string): Move | null {
  const [then, now] = [parseType(from), parseType(to)];
  if (!then || !now || then.modifier !== now.modifier || then.isArray !== now.isArray) return null;
  const isRenamed = !isSame(then.name, now.name);
  const statements = isSame(then.schema, now.schema)
    ? []
    : [`ALTER TYPE ${now.schema}.${now.name} SET SCHEMA ${then.schema};`];
  if (isRenamed) statements.push(`ALTER TYPE ${then.schema}.${now.name} RENAME TO ${then.name};`);
  return { isRenamed, statements };
}

/** A type without what makes it an array: `public.mood[]` → `public.mood`. */
export const elementOf = (type: string): string => type.replace(/\[\]$/, "");
