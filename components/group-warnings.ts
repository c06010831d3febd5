import type { TableName, Warning } from "../lib/shared/api.ts";

/** Warnings with the same code, as one group. */
export interface WarningGroup {
  code: string;
  /** The text that they share. Null if they have too little in common. */
  text: string | null;
  /** The parts in which they differ. */
  items: string[];
  /** The table, if there is only one warning. */
  table?: TableName;
}

export function groupWarnings(warnings: Warning[]): WarningGroup[] {
  return [...Map.groupBy(warnings, ({ code }) => code)].map(([code, alike]) => {
    const messages = [...new Set(alike.map(({ message }) => message))];
    const [only] = messages;
    return messages.length === 1 && only !== undefined
      ? { code, text: only, items: [], table: alike[0]?.table }
      : alike.every(({ table }) => table)
        ? { code, ...shareWords(messages) }
        : { code, text: null, items: messages };
  });
}

/**
 * Turns `Times in a (x) were cut.`, `Times in b (y) were cut.` into `Times in these tables were cut.` and the items `a
 * (x)`, `b (y)`.
 */
function shareWords(messages: string[]): Pick<WarningGroup, "text" | "items"> {
  const sentences = messages.map((message) => message.split(" "));
  const shortest = Math.min(...sentences.map(({ length }) => length));
  const isShared = (at: number) => new Set(sentences.map((words) => words.at(at))).size === 1;
  let before = 0;
  while (before < shortest && isShared(before)) before++;
  let after = 0;
  while (after < shortest - before && isShared(-1 - after)) after++;
  const first = sentences[0] ?? [];
  // Only a table's name can be taken out, and only from the middle of a sentence.
  const isTable = !/^columns?$/.test(first[before - 1] ?? "");
  if (before === 0 || after === 0 || !isTable) return { text: null, items: messages };
  const last = sentences.map((words) => words[words.length - after - 1] ?? "");
  const mark = [",", ":"].find((it) => last.every((word) => word.endsWith(it))) ?? "";
  return {
    text: [...first.slice(0, before), `these tables${mark}`, ...first.slice(-after)]
      .join(" ")
      .replace("these tables, which is ", "these tables, which are "),
    items: sentences.map((words) => {
      const own = words.slice(before, words.length - after).join(" ");
      return own.slice(0, own.length - mark.length);
    }),
  };
}
