import { endOfBracket, endOfExpression, maskSource } from "./source-text.ts";

export interface ModuleExports {
  /** By exported name, `default` among them: the module's own name for it, or the expression that it is. */
  own: Map<string, string>;
  /** By exported name: the name in the other module, and that module as written. */
  passedOn: Map<string, { name: string; from: string }>;
  /** `export * from`, as written. */
  all: string[];
}

const NAME = "[A-Za-z_$][\\w$]*";

/** What a module exports, as ESM or CommonJS. */
export function readExports(text: string): ModuleExports {
  const code = maskSource(text);
  const exports: ModuleExports = { own: new Map(), passedOn: new Map(), all: [] };
  const imports = readImports(text);

  const pass = (exported: string, local: string) => {
    const imported = imports.get(local);
    if (imported) exports.passedOn.set(exported, imported);
    else exports.own.set(exported, local);
  };

  for (const [, name = ""] of code.matchAll(
    new RegExp(
      `\\bexport\\s+(?:declare\\s+)?(?:(?:const|let|var|class)|(?:async\\s+)?function\\s*\\*?)\\s+(${NAME})`,
      "g",
    ),
  ))
    exports.own.set(name, name);

  for (const match of code.matchAll(/\bexport\s+(?:const|let|var)\s*(\{)/g)) {
    const at = match.index + match[0].length - 1;
    for (const { to } of namesOf(code.slice(at, endOfBracket(code, at)), ":"))
      exports.own.set(to, to);
  }

  for (const match of code.matchAll(/\bexport\s*\{/g)) {
    const at = match.index + match[0].length - 1;
    const end = endOfBracket(code, at);
    const from = specifierAt(text, code, end);
    for (const name of namesOf(code.slice(at, end), " as ")) {
      if (from !== null) exports.passedOn.set(name.to, { name: name.from, from });
      else pass(name.to, name.from);
    }
  }

  for (const match of code.matchAll(
    new RegExp(`\\bexport\\s*\\*\\s*(?:as\\s+${NAME}\\s*)?(?=from\\b)`, "g"),
  )) {
    const from = specifierAt(text, code, match.index + match[0].length);
    if (from !== null && !/\bas\b/.test(match[0])) exports.all.push(from);
  }

  for (const match of code.matchAll(
    /\b(?:export\s+default\b|(?:module\.exports|export)\s*=(?!=))/g,
  )) {
    const at = match.index + match[0].length;
    const expression = code.slice(at, endOfExpression(code, at)).trim();
    if (expression.startsWith("{") && !match[0].includes("default")) {
      for (const { from, to } of namesOf(expression, ":")) pass(from, to);
    } else pass("default", expression);
  }
  for (const [, name = "", local = ""] of code.matchAll(
    new RegExp(`\\b(?:module\\.)?exports\\.(${NAME})\\s*=\\s*(${NAME})`, "g"),
  ))
    pass(name, local);
  return exports;
}

/** By local name: what a module imports, and from where. */
function readImports(text: string): Map<string, { name: string; from: string }> {
  const code = maskSource(text);
  const imports = new Map<string, { name: string; from: string }>();
  for (const match of code.matchAll(/\bimport\s+(?!type\b)([^;"'`(]*?)\s*(?=from\b)/g)) {
    const from = specifierAt(text, code, match.index + match[0].length);
    if (from === null) continue;
    const clause = match[1] ?? "";
    const braces = /\{[^}]*\}/.exec(clause)?.[0];
    if (braces)
      for (const it of namesOf(braces, " as ")) imports.set(it.to, { name: it.from, from });
    const standard = /^([A-Za-z_$][\w$]*)/.exec(clause)?.[1];
    if (standard) imports.set(standard, { name: "default", from });
  }
  return imports;
}

/** `{ a, b as c }` or `{ a, b: c }`; types left out. */
function namesOf(braces: string, separator: " as " | ":"): Array<{ from: string; to: string }> {
  return braces
    .slice(1, -1)
    .split(",")
    .map((it) => it.trim().replaceAll(/\s+/g, " "))
    .filter((it) => it !== "" && !it.startsWith("type ") && !it.startsWith("..."))
    .flatMap((it) => {
      const [from = "", to = from] = it.split(separator).map((part) => part.trim());
      const name = /^[A-Za-z_$][\w$]*/.exec(to)?.[0];
      return name ? [{ from, to: name }] : [];
    });
}

/** The string after `from`, which is blank in masked code. */
function specifierAt(text: string, code: string, at: number): string | null {
  const match = /^\s*from\s*["']/.exec(code.slice(at));
  if (!match) return null;
  const begin = at + match[0].length;
  const end = code.slice(begin).search(/["']/);
  return end === -1 ? null : text.slice(begin, begin + end);
}

/** Every module that a source names in an import, export or require. */
export function readSpecifiers(text: string): string[] {
  const code = maskSource(text);
  return [...code.matchAll(/\b(?:from|import|require)\s*\(?\s*(["'])( *)\1/g)].map((match) => {
    const end = match.index + match[0].length - 1;
    return text.slice(end - (match[2]?.length ?? 0), end);
  });
}
