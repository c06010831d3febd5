const IDENTIFIER = '[a-z_][a-z0-9_]*|"(?:[^"]|"")+"';

/** A type in a schema, as `format_type` writes it: `public.geometry(Point,4326)[]`. Built-in types have no schema. */
const TYPE = new RegExp(
  `^(?<schema>${IDENTIFIER})\\.(?<name>${IDENTIFIER})(?<modifier>\\([^()"]*\\))?(?<array>\\[\\])?$`,
);

/** Whether two names are the same. Some versions quote a word that is a key word in others. */
function isSame(a = "", b = ""): boolean {
  const unquote = (identifier: string) =>
    identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
  return unquote(a) === unquote(b);
}

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
  const [then, now] = [TYPE.exec(from)?.groups, TYPE.exec(to)?.groups];
  if (!then || !now || then.modifier !== now.modifier || then.array !== now.array) return null;
  const isRenamed = !isSame(then.name, now.name);
  const statements = isSame(then.schema, now.schema)
    ? []
    : [`ALTER TYPE ${now.schema}.${now.name} SET SCHEMA ${then.schema};`];
  if (isRenamed) statements.push(`ALTER TYPE ${then.schema}.${now.name} RENAME TO ${then.name};`);
  return { isRenamed, statements };
}

/** A type without array brackets: `public.mood[]` → `public.mood`. */
export const elementOf = (type: string): string => type.replace(/\[\]$/, "");
