import type { Name } from "./model.ts";

const LONGEST_BYTES = 63;

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Gives each name once per scope. If a name is requested again, a number is appended. Names are unquoted. */
export class Names {
  readonly #taken = new Set<string>();

  give(scope: string, wanted: Name): string {
    for (let number = 1; ; number++) {
      const name = number === 1 ? wanted : `${shorten(wanted, number)} ${number}`;
      const key = JSON.stringify([scope, name]);
      if (this.#taken.has(key)) continue;
      this.#taken.add(key);
      return name;
    }
  }
}

function shorten(name: string, number: number): string {
  const characters = [...name];
  while (Buffer.byteLength(characters.join("")) > LONGEST_BYTES - ` ${number}`.length) {
    characters.pop();
  }
  return characters.join("");
}
