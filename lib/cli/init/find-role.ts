import type { PrismaSchema } from "../host/prisma-schema.ts";
import type { Source } from "../host/sources.ts";
import type { SignIn } from "./find-sign-in.ts";

/** Where the database stores who is an administrator. */
export interface Role {
  /** The model's name in the client. */
  model: string;
  /** The field by which a session's user is found. */
  key: "id" | "email";
  field: string;
  /** The condition under which the database's `user` is an administrator. */
  condition: string;
  /** The same condition in words. */
  words: string;
}

const IS_ADMIN = /^(?:super[_-]?)?admin(?:istrator)?$/i;
const FIELD = /^(?:user_?)?roles?$|^(?:is_?)?(?:super_?)?admin$/i;

/** Finds what distinguishes an administrator in schema.prisma. Null if nothing does so for certain. */
export function findRole(
  schema: PrismaSchema | null,
  sources: readonly Source[],
  { kind }: SignIn,
): Role | null {
  const model = schema?.models.find(({ name }) => /^users?$/i.test(name));
  const field = model?.fields.find(({ name, kind }) => kind === "scalar" && FIELD.test(name));
  if (!schema || !model || !field) return null;
  const find = (name: string) => model.fields.find((it) => it.name === name);
  const hasText = (name: string) => find(name)?.type === "String" && find(name)?.isUnique === true;
  const hasId =
    kind === "better-auth" ||
    sources.some(({ text }) => /\bsession\??\.user[!?]*\.id\b/.test(text));
  const key: Role["key"] | null = hasId && hasText("id") ? "id" : hasText("email") ? "email" : null;
  if (key === null) return null;
  const of = {
    model: `${model.name[0]?.toLowerCase()}${model.name.slice(1)}`,
    key,
    field: field.name,
  };
  if (field.type === "Boolean" && !field.isList)
    return {
      ...of,
      condition: `user?.${field.name} === true`,
      words: `whose ${model.name}.${field.name} is true in the database`,
    };
  // A value of the enum, else the value that the app itself compares with.
  const values =
    schema.enums.get(field.type) ??
    sources.flatMap(({ text }) =>
      [...text.matchAll(/\broles?\b[^\n"'=]{0,20}(?:[!=]==?\s*|includes\()["'](\w+)["']/g)].map(
        ([, value = ""]) => value,
      ),
    );
  const admins = values.filter((it) => IS_ADMIN.test(it)).toSorted((a, b) => a.length - b.length);
  const word = admins[0] ?? (kind === "better-auth" && field.type === "String" ? "admin" : null);
  if (word === null) return null;
  return {
    ...of,
    condition: field.isList
      ? `user?.${field.name}.includes("${word}") === true`
      : `user?.${field.name} === "${word}"`,
    words: `whose ${model.name}.${field.name} ${field.isList ? "has" : "is"} "${word}" in the database`,
  };
}
