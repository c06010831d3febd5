import type pg from "pg";
import { compareRights } from "../../postgres/compare-rights.ts";
import { isKeyed } from "../../postgres/load.ts";
import type { Catalog, CatalogTable } from "../../schema/catalog.ts";
import type { PrismaModels } from "../../schema/prisma-models.ts";
import { findSignIn, type SignInOptions } from "../../schema/sign-in.ts";
import type { RightsChanges } from "../../shared/rehearsal.ts";
import { nameOf, tableKey } from "../../shared/table-name.ts";
import type { CheckedLoad } from "./make-copies.ts";

interface RehearsedRights {
  catalog: Catalog;
  models: PrismaModels;
  signIn: SignInOptions | undefined;
  loads: readonly CheckedLoad[];
  isComparable(load: CheckedLoad, columns: readonly string[]): boolean;
}

/** Compares rights before and after a restore. Null if it does not change the tables of the sign-in. */
export async function rehearseRights(
  client: pg.ClientBase,
  { catalog, models, signIn: options, loads, isComparable }: RehearsedRights,
): Promise<RightsChanges | null> {
  const signIn = findSignIn(catalog.tables, models, options);
  if (!signIn) return null;
  const { users, roles, adminRoles, passwords } = signIn;
  const find = (table: CatalogTable | undefined) =>
    loads.find((it) => table && tableKey(it.table) === tableKey(table));
  const compare = async (table: CatalogTable | undefined, kind: "roles" | "passwords") => {
    const found = find(table);
    if (!found || !isKeyed(found)) return null;
    const columns = (kind === "roles" ? roles : passwords?.columns) ?? [];
    const names = columns.map(({ name }) => name);
    if (names.length === 0 || !isComparable(found, [...found.key.columns, ...names])) return null;
    return compareRights(client, found, { adminRoles, roles: [], passwords: [], [kind]: columns });
  };
  const isChanged = (table: CatalogTable | undefined) => find(table) !== undefined;
  if (!isChanged(users) && !isChanged(passwords?.table)) return null;
  const unchanged = { adminsAdded: 0, adminsRemoved: 0, passwordsChanged: 0 };
  const ofRoles = isChanged(users) ? await compare(users, "roles") : unchanged;
  const ofPasswords = isChanged(passwords?.table)
    ? await compare(passwords?.table, "passwords")
    : passwords && unchanged;
  return {
    table: nameOf(users),
    admins: ofRoles && { added: ofRoles.adminsAdded, removed: ofRoles.adminsRemoved },
    passwordsChanged: ofPasswords?.passwordsChanged ?? null,
  };
}
