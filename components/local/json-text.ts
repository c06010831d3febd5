/**
 * Works on JSON as text. Values are not parsed by `JSON.parse`, which cannot represent numbers beyond 2^53.
 * `JSON.parse` is used for strings only.
 */

/** Returns the members of a JSON object, in their order: each key with its value as written. */
export function splitObject(json: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = skipSpace(json, 0);
  if (json[at] !== "{") throw new SyntaxError("not a JSON object");
  at = skipSpace(json, at + 1);
  while (json[at] === '"') {
    const keyEnd = endOfValue(json, at);
    const key: string = JSON.parse(json.slice(at, keyEnd));
    at = skipSpace(json, keyEnd);
    if (json[at] !== ":") throw new SyntaxError("a key without a value");
    at = skipSpace(json, at + 1);
    const end = endOfValue(json, at);
    members.set(key, json.slice(at, end));
    at = skipSpace(json, end);
    if (json[at] === ",") at = skipSpace(json, at + 1);
  }
  if (json[at] !== "}") throw new SyntaxError("a JSON object without an end");
  return members;
}

/** Returns a value as a person reads it: strings without quotes, everything else as written. NULL is null. */
export function textOf(value: string): string | null {
  if (value === "null") return null;
  return value.startsWith('"') ? JSON.parse(value) : value;
}

/** Returns the value on several lines, with its numbers and strings as written. */
export function indent(json: string): string {
  let text = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (let at = skipSpace(json, 0); at < json.length; at = skipSpace(json, at)) {
    const character = json[at] as string;
    if (character === '"') {
      const end = endOfString(json, at);
      text += json.slice(at, end);
      at = end;
      continue;
    }
    at++;
    if (character === "{" || character === "[") {
      const next = skipSpace(json, at);
      if (json[next] === "}" || json[next] === "]") {
        text += character + json[next];
        at = next + 1;
        continue;
      }
      depth++;
      text += character + line();
    } else if (character === "}" || character === "]") {
      depth--;
      text += line() + character;
    } else if (character === ",") text += character + line();
    else if (character === ":") text += ": ";
    else text += character;
  }
  return text;
}

function skipSpace(json: string, start: number): number {
  let at = start;
  while (at < json.length && json.charCodeAt(at) <= 0x20) at++;
  return at;
}

function endOfValue(json: string, start: number): number {
  if (json[start] === '"') return endOfString(json, start);
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const character = json[at];
    if (character === '"') {
      at = endOfString(json, at);
      continue;
    }
    if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") {
      if (depth === 0) return trimmedEnd(json, start, at);
      depth--;
      if (depth === 0) return at + 1;
    } else if (character === "," && depth === 0) return trimmedEnd(json, start, at);
    at++;
  }
  return trimmedEnd(json, start, at);
}

function trimmedEnd(json: string, start: number, end: number): number {
  let at = end;
  while (at > start && json.charCodeAt(at - 1) <= 0x20) at--;
  return at;
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = json.indexOf('"', at);
    if (quote === -1) return json.length;
    let backslashes = 0;
    while (json[quote - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}
