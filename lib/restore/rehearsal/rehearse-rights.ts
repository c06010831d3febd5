import type pg from "pg";
import { compareRights } from "../../postgres/compare-rights.ts";
import type { Catalog, CatalogTable } from "../../schema/catalog.ts";
import type { PrismaModels } from "../../schema/prisma-models.ts";
import { findSignIn, type SignInOptions } from "../../schema/sign-in.ts";
import type { RightsChanges } from "../../shared/rehearsal.ts";
import { tableKey } from "../../shared/table-name.ts";
import type { Shadowed } from "./check-shadows.ts";

interface RehearsedRights {
  catalog: Catalog;
  models: PrismaModels;
  signIn: SignInOptions | undefined;
  /** The tables that the restore changes. */
  shadowed: readonly Shadowed[];
  /** Whether the copy has every row, and these columns of them. */
  isComparable(shadowed: Shadowed, columns: string[]): boolean;
}

/** What a restore does to rights. Null where it does not change the tables of the sign-in, or there are none. */
export async function rehearseRights(
  client: pg.ClientBase,
  { catalog, models, signIn: options, shadowed, isComparable }: RehearsedRights,
): Promise<RightsChanges | null> {
  const signIn = findSignIn(catalog.tables, models, options);
  if (!signIn) return null;
  const { users, roles, adminRoles, passwords } = signIn;
  const find = (table: CatalogTable | undefined) =>
    shadowed.find((it) => table && tableKey(it.table) === tableKey(table));
  const compare = async (table: CatalogTable | undefined, kind: "roles" | "passwords") => {
    const found = find(table);
    if (!found) return null;
    const columns = (kind === "roles" ? roles : passwords?.columns) ?? [];
    const { key } = found.rules;
    const names = columns.map(({ name }) => name);
    if (!key || names.length === 0 || !isComparable(found, names)) return null;
    return compareRights(client, {
      ...{ live: found.table, shadow: found.shadow, key, adminRoles },
      ...{ roles: [], passwords: [], [kind]: columns },
    });
  };
  const isChanged = (table: CatalogTable | undefined) => find(table) !== undefined;
  if (!isChanged(users) && !isChanged(passwords?.table)) return null;
  const unchanged = { adminsAdded: 0, adminsRemoved: 0, passwordsChanged: 0 };
  const ofRoles = isChanged(users) ? await compare(users, "roles") : unchanged;
  const ofPasswords = isChanged(passwords?.table)
    ? await compare(passwords?.table, "passwords")
    : passwords && unchanged;
  const { schema, name } = users;
  return {
    table: { schema, name },
    admins: ofRoles && { added: ofRoles.adminsAdded, removed: ofRoles.adminsRemoved },
    passwordsChanged: ofPasswords?.passwordsChanged ?? null,
  };
}
