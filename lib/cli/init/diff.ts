/** Returns a unified line diff without its header. If `before` is null, the file is new. */
export function diffLines(before: string | null, after: string): string[] {
  const b = linesOf(after);
  if (before === null) return b.map((line) => `+ ${line}`.trimEnd());
  const a = linesOf(before);
  // common[i][j]: length of the longest common subsequence of a from i and b from j.
  const common = Array.from({ length: a.length + 1 }, () =>
    new Array<number>(b.length + 1).fill(0),
  );
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = common[i];
      if (row) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i]}`);
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(`- ${a[i++]}`);
    } else lines.push(`+ ${b[j++]}`);
  }
  return lines.map((line) => line.trimEnd());
}

/** A line end at the end of the file, and Windows line ends, do not count as differences. */
const linesOf = (text: string): string[] =>
  text.replaceAll("\r\n", "\n").replace(/\n$/, "").split("\n");

export const isSameText = (a: string, b: string): boolean =>
  linesOf(a).join("\n") === linesOf(b).join("\n");
