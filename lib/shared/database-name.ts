/** A name as it can be typed: a form field has one line, and shows neither repeated spaces nor Unicode forms. */
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
