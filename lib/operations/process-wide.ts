/** A map that all copies of this module in the process share: Next bundles pages and route handlers separately. */
export function processWideMap<Value>(name: string): Map<string, Value> {
  const key = Symbol.for(`prisma-backup-admin.${name}`);
  const existing: unknown = Reflect.get(globalThis, key);
  if (existing instanceof Map) return existing;
  const created = new Map<string, Value>();
  Reflect.set(globalThis, key, created);
  return created;
}
