/** Reads facts from a module's text by pattern, because this package must not bring a compiler into its hosts. */

/** Code after which a `/` begins a regular expression instead of a division. */
const BEFORE_REGEXP = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else))\s*$/;

/** Blanks comments and the contents of strings, so that only code remains. Length and lines stay the same. */
export function maskSource(text: string): string {
  return mask(text, true);
}

/** Blanks comments. Length and lines stay the same. */
export function withoutComments(text: string): string {
  return mask(text, false);
}

function mask(text: string, masksStrings: boolean): string {
  const out = text.split("");
  const blank = (from: number, to: number) => {
    for (let i = from; i < to && i < out.length; i++) if (out[i] !== "\n") out[i] = " ";
  };
  /** The brace depths at which a `${` was opened. */
  const templates: number[] = [];
  let depth = 0;
  let i = 0;

  const skipTemplate = (from: number): number => {
    let at = from;
    while (at < text.length && text[at] !== "`") {
      if (text[at] === "\\") at++;
      else if (text[at] === "$" && text[at + 1] === "{") {
        if (masksStrings) blank(from, at);
        templates.push(depth++);
        return at + 2;
      }
      at++;
    }
    if (masksStrings) blank(from, at);
    return at + 1;
  };

  while (i < text.length) {
    const char = text[i];
    const next = text[i + 1];
    if (char === "/" && next === "/") {
      const end = endOfLine(text, i);
      blank(i, end);
      i = end;
    } else if (char === "/" && next === "*") {
      const end = text.indexOf("*/", i + 2);
      blank(i, end === -1 ? text.length : end + 2);
      i = end === -1 ? text.length : end + 2;
    } else if (char === '"' || char === "'") {
      const end = endOfString(text, i);
      if (masksStrings) blank(i + 1, end - 1);
      i = end;
    } else if (char === "`") {
      i = skipTemplate(i + 1);
    } else if (char === "/" && BEFORE_REGEXP.test(text.slice(Math.max(0, i - 12), i))) {
      const end = endOfRegExp(text, i);
      if (masksStrings && end > i + 1) blank(i + 1, end - 1);
      i = end;
    } else {
      if (char === "{") depth++;
      if (char === "}" && --depth === templates.at(-1)) {
        templates.pop();
        i = skipTemplate(i + 1);
        continue;
      }
      i++;
    }
  }
  return out.join("");
}

const endOfLine = (text: string, from: number): number => {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
};

/** A quote without its partner on the same line is an apostrophe in JSX. */
function endOfString(text: string, from: number): number {
  for (let i = from + 1; i < text.length && text[i] !== "\n"; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === text[from]) return i + 1;
  }
  return from + 1;
}

function endOfRegExp(text: string, from: number): number {
  let inClass = false;
  for (let i = from + 1; i < text.length && text[i] !== "\n"; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "[") inClass = true;
    else if (text[i] === "]") inClass = false;
    else if (text[i] === "/" && !inClass) return i + 1;
  }
  return from + 1;
}

/** Returns the position just after the bracket that closes the one at `from`. @param code masked */
export function endOfBracket(code: string, from: number): number {
  let depth = 0;
  for (let i = from; i < code.length; i++) {
    if ("([{".includes(code[i] ?? "")) depth++;
    if (")]}".includes(code[i] ?? "") && --depth === 0) return i + 1;
  }
  return code.length;
}
