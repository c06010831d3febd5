import path from "node:path";
import { type Aliases, resolveSpecifier } from "../host/import-alias.ts";
import { describe, type Reference, toReference } from "../host/imports.ts";
import { findModule } from "../host/sources.ts";
import { UsageError } from "../usage.ts";
import { describeSignIn, SIGN_INS, type SignIn } from "./find-sign-in.ts";

export interface Question {
  title: string;
  /** The possible answers and their labels. An empty answer takes the first. */
  options: Array<[answer: string, label: string]>;
  help: string;
}

/** The choices given as options, and how to ask for those that are missing. */
export interface Choices {
  /** `MODULE[#EXPORT]`. */
  client?: string | undefined;
  /** `none`, a kind, or `KIND=MODULE[#EXPORT]`. */
  auth?: string | undefined;
  /** Asks until `take` throws no UsageError. Without this function, the first option is taken. */
  ask?<T>(question: Question, take: (answer: string) => Promise<T>): Promise<T>;
}

interface Host {
  root: string;
  aliases: Aliases;
}

const NOTATION = "a module and what it exports, as lib/prisma.ts#prisma or @acme/db#default";

/** @throws UsageError */
export async function chooseClient(
  host: Host,
  found: readonly Reference[],
  { client, ask }: Choices,
): Promise<Reference | null> {
  const take = async (answer: string) =>
    answer === "" ? (found[0] ?? null) : parseReference(answer, host, found);
  if (client !== undefined || !ask) return take(client ?? "");
  const options = found.map((it): [string, string] => [it.name, describe(it)]);
  return ask({ title: "Prisma client", options, help: NOTATION }, take);
}

/** @throws UsageError */
export async function chooseSignIn(
  host: Host,
  found: readonly SignIn[],
  { auth, ask }: Choices,
): Promise<SignIn | null> {
  const take = async (answer: string): Promise<SignIn | null> => {
    if (answer === "none") return null;
    if (answer === "") return found[0] ?? null;
    const [, kind = "", module] = /^([\w-]+)(?:=(.+))?$/s.exec(answer) ?? [];
    const known = Object.keys(SIGN_INS).find((it): it is SignIn["kind"] => it === kind);
    if (!known)
      throw new UsageError(
        `“${kind}” is no sign-in that is known: ${[...Object.keys(SIGN_INS), "none"].join(", ")}.`,
      );
    const those = found.filter((it) => it.kind === known);
    if (module === undefined || known === "clerk") {
      if (those[0] || known === "clerk") return those[0] ?? { kind: known, reference: null };
      throw new UsageError(
        `No module of this app imports ${known === "next-auth" ? "next-auth's options" : "its auth"}. Say where it is: ${known}=lib/auth.ts#${known === "next-auth" ? "authOptions" : "auth"}.`,
      );
    }
    const references = those.flatMap(({ reference }) => reference ?? []);
    return { kind: known, reference: await parseReference(module, host, references) };
  };
  if (auth !== undefined || !ask || found.length === 0) return take(auth ?? "");
  const options = found.map((it): [string, string] => [
    it.reference ? `${it.kind}=${it.reference.name}` : it.kind,
    describeSignIn(it),
  ]);
  const help = `none, or one of ${Object.keys(SIGN_INS).join(", ")}, as next-auth=lib/auth.ts#authOptions`;
  return ask(
    { title: "Sign-in", options: [...options, ["none", "none of these: to be filled in"]], help },
    take,
  );
}

/** Parses `MODULE[#EXPORT]`: a file of the app, or the specifier by which it is imported. @throws UsageError */
async function parseReference(
  text: string,
  { root, aliases }: Host,
  found: readonly Reference[],
): Promise<Reference> {
  const [, specifier = "", exported, rest = ""] =
    /^([^#\s]+)(?:#([A-Za-z_$][\w$]*)((?:\(\)|\.[A-Za-z_$][\w$]*)*))?$/.exec(text) ?? [];
  if (specifier === "") throw new UsageError(`“${text}” is not MODULE#EXPORT: ${NOTATION}.`);
  const file =
    (await findModule(path.resolve(root, specifier))) ??
    (await resolveSpecifier(specifier, root, aliases));
  if (!file && /^[./]/.test(specifier))
    throw new UsageError(`There is no module ${specifier} here.`);
  const named = (name: string) => toReference(root, { file, specifier, exported: name }, aliases);
  if (exported === undefined) {
    const [module] = named("default").name.split("#");
    const known = found.find(({ name }) => name.startsWith(`${module}#`));
    return known ?? named("default");
  }
  const reference = named(exported);
  return { ...reference, name: reference.name + rest, path: rest };
}
