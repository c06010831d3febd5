/**
 * Normalizes a name to what can be typed: a form field has one line, and a browser shows neither repeated spaces nor
 * which Unicode form a letter has.
 */
const typeable = (name: string): string =>
  name
    .normalize("NFC")
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim();

/** Whether a person typed the database's name, as far as its characters can be seen and typed. */
export function isConfirmedBy(typed: string, name: string): boolean {
  if (typed === name) return true;
  const expected = typeable(name);
  return expected !== "" && typeable(typed) === expected;
}
