/** Which tables tell who may sign in, with what, and who is an admin. */
import type { CatalogColumn, CatalogTable } from "./catalog.ts";
import { findModel, type PrismaModels } from "./prisma-models.ts";

export interface SignInOptions {
  /** The Prisma model or table of the people who sign in. Default: `User` or `Account`, singular or plural. */
  model?: string | undefined;
  /**
   * The model's field that tells who is an admin: text, an enum, a list of these, or a boolean. Default: `role`,
   * `roles`, `isAdmin` …
   */
  roleField?: string | undefined;
  /** Values of that field that mean admin, in upper or lower case. Default: `admin`, `administrator`, `superadmin`. */
  adminRoles?: string[] | undefined;
  /**
   * The field with the password's hash. Default: `password`, `passwordHash`, `hashedPassword` …, also of a model
   * `Account`.
   */
  passwordField?: string | undefined;
}

export interface SignIn {
  users: CatalogTable;
  /** Each of these columns alone can make somebody an admin. Empty if none is known. */
  roles: CatalogColumn[];
  /** In lower case. */
  adminRoles: string[];
  /** The table with the password hashes: `users`, or the accounts of these users. Null if none is known. */
  passwords: { table: CatalogTable; columns: CatalogColumn[] } | null;
}

const USERS = ["user", "users", "account", "accounts"];
const ACCOUNTS = ["account", "accounts"];
const SESSIONS = ["session", "sessions"];
const ROLES = ["role", "roles", "userrole", "isadmin", "admin", "issuperuser", "issuperadmin"];
const PASSWORDS = [
  ...["password", "passwordhash", "hashedpassword", "passworddigest", "encryptedpassword"],
  ...["pwhash", "hash"],
];
const ADMIN_ROLES = ["admin", "administrator", "superadmin", "super_admin", "super-admin"];

/** Finds the tables and columns for signing in. Null if the app has no such table, or several that could be meant. */
export function findSignIn(
  tables: readonly CatalogTable[],
  models: PrismaModels,
  { model, roleField, passwordField, adminRoles }: SignInOptions = {},
): SignIn | null {
  const named = (names: readonly string[]) => findNamed(tables, models, names);
  const users = model === undefined ? named(USERS) : findGiven(tables, models, model);
  if (!users) return null;
  const columns = (table: CatalogTable, field: string | undefined, usual: readonly string[]) =>
    table.columns.filter((column) => {
      const names = [fieldOf(models, table, column), column.name];
      return field === undefined
        ? names.some((name) => usual.includes(plain(name)))
        : names.includes(field);
    });
  const withPasswords = [users, passwordField === undefined ? named(ACCOUNTS) : null].flatMap(
    (table) => {
      const found = table ? columns(table, passwordField, PASSWORDS) : [];
      return table && found.length > 0 ? [{ table, columns: found }] : [];
    },
  );
  return {
    users,
    roles: columns(users, roleField, ROLES),
    adminRoles: (adminRoles ?? ADMIN_ROLES).map((role) => role.toLowerCase()),
    passwords: withPasswords[0] ?? null,
  };
}

/** The table of sessions, if the app keeps sessions in the database. */
export const findSessions = (
  tables: readonly CatalogTable[],
  models: PrismaModels,
): CatalogTable | null => findNamed(tables, models, SESSIONS);

const plain = (name: string): string => name.toLowerCase().replaceAll("_", "");

const fieldOf = (models: PrismaModels, table: CatalogTable, { name }: CatalogColumn): string =>
  findModel(models, table)?.columns.find(({ column }) => column === name)?.field ?? name;

const nameOf = (models: PrismaModels, table: CatalogTable): string =>
  findModel(models, table)?.name ?? table.name;

function findGiven(
  tables: readonly CatalogTable[],
  models: PrismaModels,
  name: string,
): CatalogTable | null {
  const ofModel = tables.find((table) => nameOf(models, table) === name);
  const [given, ...others] = tables.filter((table) => table.name === name);
  return ofModel ?? (others.length === 0 ? given : null) ?? null;
}

/** The table of the first name that only one has. Prisma's spelling comes before one that differs in case. */
function findNamed(
  tables: readonly CatalogTable[],
  models: PrismaModels,
  names: readonly string[],
): CatalogTable | null {
  for (const name of names) {
    const alike = tables.filter((table) => plain(nameOf(models, table)) === name);
    const usual = alike.filter(
      (table) => nameOf(models, table) === `${name[0]?.toUpperCase()}${name.slice(1)}`,
    );
    const [table, ...others] = usual.length > 0 ? usual : alike;
    if (table) return others.length === 0 ? table : null;
  }
  return null;
}
