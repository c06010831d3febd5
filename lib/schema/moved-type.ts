/** A type in a schema, as `format_type` writes it, with names as in SQL. */
interface NamedType {
  schema: string;
  name: string;
  /** `(3)`, `(Point,4326)`; empty if there is none. */
  modifier: string;
  isArray: boolean;
}

const IDENTIFIER = '[a-z_][a-z0-9_]*|"(?:[^"]|"")+"';
const TYPE = new RegExp(`^(${IDENTIFIER})\\.(${IDENTIFIER})(\\([^()"]*\\))?(\\[\\])?$`);

/** @returns null for a built-in type */
function parseType(type: string): NamedType | null {
  const match = TYPE.exec(type);
  if (!match) return null;
  const [, schema = "", name = "", modifier = "", array] = match;
  return { schema, name, modifier, isArray: array !== undefined };
}

/** Removes quotes. Whether a word is quoted depends on the version, which may have made it a key word. */
const unquote = (identifier: string): string =>
  identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;

const isSame = (a: string, b: string): boolean => unquote(a) === unquote(b);

interface Move {
  isRenamed: boolean;
  /** SQL that gives the type its former name and schema. */
  statements: string[];
}

/**
 * Explains how a column's type could be its former type, moved to another schema or renamed. A type of the same name
 * counts as the same one: extensions and enums are moved, and if a value does not fit, the restore fails.
 *
 * @returns null if it cannot be the same type
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

/** A type without array brackets: `public.mood[]` → `public.mood`. */
export const elementOf = (type: string): string => type.replace(/\[\]$/, "");
