const NAMED = 50;

/** Returns `a, b, c`. For long lists, the first 50 and how many more there are. */
export function listNames(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(", ")} and ${more} more` : names.join(", ");
}
