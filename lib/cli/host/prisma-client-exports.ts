import { readExports } from "./module-exports.ts";
import { type Declaration, endOfBracket, maskSource, readDeclarations } from "./source-text.ts";

/** Under which name a module gives its PrismaClient. */
export interface ClientExport {
  /** `default` among them. */
  name: string;
  /** It has to be called for the client. */
  isFunction: boolean;
}

const NAME = "[A-Za-z_$][\\w$]*";

/** What of a module's exports is a PrismaClient; empty where it makes none. */
export function readClientExports(text: string): ClientExport[] {
  if (!text.includes("PrismaClient")) return [];
  const code = maskSource(text);
  const makers = makersOf(code);
  const creation = new RegExp(`\\bnew\\s+(?:${makers.join("|")})\\b`);
  if (!creation.test(code)) return [];

  const declarations = readDeclarations(code);
  const values = new Set<string>();
  const functions = new Set<string>();
  const isClient = (expression: string): boolean => {
    const plain = expression.replace(/^(?:\s|\(|await\b)+/, "");
    if (
      startsWithName(plain, values, /^\s*(?:$|[;)]|as\b|satisfies\b|!|\.\s*\$extends\b|\?\?|\|\|)/)
    )
      return true;
    if (startsWithName(plain, functions, /^\s*\(/)) return true;
    // `globalForPrisma.prisma ?? createClient()`
    return /\?\?|\|\||\?[^.]/.test(expression)
      ? expression
          .split(/\?\?=?|\|\|=?|\?(?!\.)|:/)
          .slice(1)
          .some(isClient)
      : makesClient(expression, creation);
  };

  // Each round may find what uses what the last one has found.
  for (let size = -1; size !== values.size + functions.size; ) {
    size = values.size + functions.size;
    for (const declaration of declarations) {
      if (isTypedAsClient(declaration)) values.add(declaration.name);
      else if (isFunctionLike(declaration)) {
        if (creation.test(declaration.value) || returns(declaration.value, values, functions))
          functions.add(declaration.name);
      } else if (isClient(declaration.value)) values.add(declaration.name);
    }
    for (const [, target = "", expression = ""] of code.matchAll(
      new RegExp(
        `(?<![\\w$.])((?:${NAME}\\.)*${NAME})\\s*(?:\\?\\?|\\|\\|)?=(?![=>])([^;\\n]*)`,
        "g",
      ),
    )) {
      if (!isFunction(expression) && isClient(expression)) values.add(target);
    }
  }

  const found: ClientExport[] = [];
  for (const [name, local] of readExports(text).own) {
    if (values.has(local)) found.push({ name, isFunction: false });
    else if (functions.has(local)) found.push({ name, isFunction: true });
    else if (name === "default" && isClient(local)) found.push({ name, isFunction: false });
  }
  // A client before a function that makes one, which may make another with each call.
  return found.sort((a, b) => Number(a.isFunction) - Number(b.isFunction));
}

/** The names that the class goes by: itself, an import's alias, or a class that extends it. */
function makersOf(code: string): string[] {
  const aliases = [...code.matchAll(new RegExp(`\\bPrismaClient\\s+as\\s+(${NAME})`, "g"))];
  const classes = [
    ...code.matchAll(new RegExp(`\\bclass\\s+(${NAME})\\s+extends\\s+PrismaClient\\b`, "g")),
  ];
  return ["(?:\\w+\\.)?PrismaClient", ...[...aliases, ...classes].map(([, name = ""]) => name)];
}

function startsWithName(expression: string, names: ReadonlySet<string>, then: RegExp): boolean {
  const plain = expression.replaceAll("?.", ".");
  return [...names].some((name) => plain.startsWith(name) && then.test(plain.slice(name.length)));
}

const isTypedAsClient = ({ kind, type }: Declaration): boolean =>
  kind === "variable" && /^(?:\w+\.)?PrismaClient(?:<.*>)?$/s.test(type);

/** `() => …`, `function …`, `cache(() => …)` of React. */
const isFunction = (expression: string): boolean =>
  /^\s*(?:(?:React\.)?cache\s*\(\s*)?(?:async\s+)?(?:function\b|\w+\s*=>|\([^()]*\)\s*(?::[^=]+)?=>)/.test(
    expression,
  );

const isFunctionLike = ({ kind, value }: Declaration): boolean =>
  kind === "function" || isFunction(value);

const returns = (
  body: string,
  values: ReadonlySet<string>,
  functions: ReadonlySet<string>,
): boolean =>
  [...body.matchAll(new RegExp(`(?:\\breturn|=>)\\s+(${NAME})\\b`, "g"))].some(
    ([, name = ""]) => values.has(name) || functions.has(name),
  );

/**
 * The expression is the client that it makes, and not something that is made with one, as
 * `{ adapter: PrismaAdapter(new PrismaClient()) }` or `await new PrismaClient().user.findMany()`.
 */
function makesClient(expression: string, creation: RegExp): boolean {
  const match = creation.exec(expression);
  if (!match) return false;
  const argumentsAt = /^\s*\(/.exec(expression.slice(match.index + match[0].length));
  const end = match.index + match[0].length;
  const rest = argumentsAt
    ? expression.slice(endOfBracket(expression, end + argumentsAt[0].length - 1))
    : expression.slice(end);
  if (/^\s*\.\s*(?!\$extends\b)\w/.test(rest)) return false;
  return bracketsAround(expression, match.index).every(({ at, char }) => {
    const before = expression.slice(0, at).trimEnd();
    const inside = expression.slice(at + 1, match.index);
    if (char === "{") return /(?:=>|\))$/.test(before);
    if (char === "[") return false;
    // Grouping, a function that is called at once, or one that is given to be called: `singleton(() => new …)`.
    return !/[\w$>\])]$/.test(before) || /=>|\bfunction\b/.test(inside);
  });
}

function bracketsAround(code: string, index: number): Array<{ at: number; char: string }> {
  const open: Array<{ at: number; char: string }> = [];
  for (let at = 0; at < index; at++) {
    const char = code[at] ?? "";
    if ("([{".includes(char)) open.push({ at, char });
    if (")]}".includes(char)) open.pop();
  }
  return open;
}
