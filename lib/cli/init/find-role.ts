import type { PrismaSchema } from "../host/prisma-schema.ts";
import type { Source } from "../host/sources.ts";
import type { SignIn } from "./find-sign-in.ts";

/** Where the database says who is an administrator. */
export interface Role {
  /** The model's name in the client. */
  model: string;
  /** By what a session's user is found. */
  key: "id" | "email";
  field: string;
  /** How `user` of the database is one. */
  condition: string;
  /** Who may, as a person reads it. */
  words: string;
}

const IS_ADMIN = /^(?:super[_-]?)?admin(?:istrator)?$/i;
const FIELD = /^(?:user_?)?roles?$|^(?:is_?)?(?:super_?)?admin$/i;

/** What of schema.prisma tells an administrator from others; null where nothing does for certain. */
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
  // The enum's word, else the one that the app itself compares with.
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
