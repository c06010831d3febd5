/** Shows in one line that something is being done, then how long it took. */
export async function step<T>(
  title: string,
  action: () => Promise<T>,
  detailOf: (result: T) => string = () => "",
): Promise<T> {
  const live = process.stdout.isTTY;
  const startMs = performance.now();
  if (live) process.stdout.write(`  … ${title}`);
  try {
    const result = await action();
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    const detail = detailOf(result);
    const line = `  ✓ ${title}${detail && `: ${detail}`} (${seconds} s)`;
    console.log(live ? `\r${line}` : line);
    return result;
  } catch (error) {
    console.log(live ? `\r  ✗ ${title}` : `  ✗ ${title}`);
    throw error;
  }
}
