/** A field of a form has one line, and a browser shows neither blanks side by side nor which of two forms a letter has. */
const typeable = (name: string): string =>
  name
    .normalize("NFC")
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim();

/** Whether a person has typed the name of the database, as far as it can be seen and typed. */
export function isConfirmedBy(typed: string, name: string): boolean {
  if (typed === name) return true;
  const expected = typeable(name);
  return expected !== "" && typeable(typed) === expected;
}
