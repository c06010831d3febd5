import { type Aliases, specifierOf } from "./import-alias.ts";
import { dependenciesOf, majorOf } from "./installed.ts";
import { readExports } from "./module-exports.ts";
import type { PrismaSchema } from "./prisma-schema.ts";
import { endOfBracket, maskSource, withoutComments } from "./source-text.ts";
import type { Source } from "./sources.ts";

/** How a host knows who is signed in. */
interface FoundAuth {
  kind: "next-auth" | "auth-js";
  /** What the module exports: next-auth's options, or Auth.js' `auth`. `default` among them. */
  name: string;
  /** Absolute. */
  file: string;
  specifier(folder: string): string;
}

export interface AuthSearch {
  found: FoundAuth | null;
  /** Why none was found, in a sentence. */
  reason: string;
}

/** Runs before every request, often with other options than the app's own. */
const isProxy = (file: string): boolean => /[/\\](?:middleware|proxy)\.[jt]s$/.test(file);

/** Others that a host may use; for them a person has to say how to ask. */
const OTHERS: Record<string, string> = {
  "@clerk/nextjs": "Clerk",
  "better-auth": "Better Auth",
  "@supabase/ssr": "Supabase Auth",
  "@auth0/nextjs-auth0": "Auth0",
  "@kinde-oss/kinde-auth-nextjs": "Kinde",
  "iron-session": "iron-session",
  lucia: "Lucia",
};

export async function findAuth(
  root: string,
  sources: readonly Source[],
  aliases: Aliases,
): Promise<AuthSearch> {
  const major = await majorOf(root, "next-auth");
  if (major === null) {
    const dependencies = await dependenciesOf(root);
    const other = Object.entries(OTHERS).find(([name]) => name in dependencies)?.[1];
    return {
      found: null,
      reason: other ? `${other} is not asked by itself` : "next-auth is not among the dependencies",
    };
  }
  const find = major >= 5 ? findAuthJs : findAuthOptions;
  for (const { file, text } of inOrder(sources)) {
    const name = isProxy(file) ? null : find(text);
    if (name === null) continue;
    const kind = major >= 5 ? "auth-js" : "next-auth";
    return {
      found: { kind, name, file, specifier: (folder) => specifierOf(file, folder, aliases) },
      reason: "",
    };
  }
  return {
    found: null,
    reason:
      major >= 5
        ? "no module exports `auth` of NextAuth()"
        : "no module exports next-auth's options: move them to one that does, as `export const authOptions`",
  };
}

/** Route files last: Next does not want anything else exported from them. */
const inOrder = (sources: readonly Source[]): Source[] =>
  sources.toSorted(
    (a, b) => Number(/\[\.\.\.nextauth\]/.test(a.file)) - Number(/\[\.\.\.nextauth\]/.test(b.file)),
  );

/** `export const { auth } = NextAuth(…)`, or `auth` made of it on the way. */
function findAuthJs(text: string): string | null {
  const code = maskSource(text);
  if (!/\bNextAuth\s*\(/.test(code)) return null;
  const { own } = readExports(text);
  if (own.has("auth")) return "auth";
  // `export const { auth: getSession } = NextAuth(…)`
  for (const match of code.matchAll(/\bexport\s+(?:const|let|var)\s*(\{)/g)) {
    const at = match.index + match[0].length - 1;
    const renamed = /\bauth\s*:\s*(\w+)/.exec(code.slice(at, endOfBracket(code, at)))?.[1];
    if (renamed) return renamed;
  }
  return null;
}

const OPTIONS_TYPE = "(?:Next)?AuthOptions|NextAuthConfig|AuthConfig";

/** An exported object that is typed, named or used as next-auth's options. */
function findAuthOptions(text: string): string | null {
  if (!/\b(?:next-auth|authOptions)\b/i.test(text)) return null;
  const code = maskSource(text);
  for (const [name, local] of readExports(text).own) {
    if (!/^[\w$]+$/.test(local)) {
      if (new RegExp(`^\\{.*\\b(?:satisfies|as)\\s+(?:${OPTIONS_TYPE})\\b`, "s").test(local))
        return name;
      continue;
    }
    const escaped = local.replaceAll("$", "\\$");
    const declared = new RegExp(
      `\\b(?:const|let|var)\\s+${escaped}\\s*(?::\\s*([^=]+?))?\\s*=\\s*(\\S)`,
    ).exec(code);
    if (declared?.[2] !== "{" && !/AuthOptions\b/.test(declared?.[1] ?? "")) continue;
    const objectAt = declared ? declared.index + declared[0].length - 1 : 0;
    const after = code.slice(endOfBracket(code, objectAt));
    const isTyped =
      new RegExp(`^(?:${OPTIONS_TYPE})$`).test(declared?.[1]?.replace(/^\w+\./, "") ?? "") ||
      new RegExp(`^\\s*(?:satisfies|as)\\s+(?:\\w+\\.)?(?:${OPTIONS_TYPE})\\b`).test(after);
    const isNamed = /^(?:next)?auth(?:entication)?_?(?:options|config)$/i.test(local);
    const isUsed = new RegExp(`\\b(?:NextAuth|getServerSession)\\s*\\([^)]*\\b${escaped}\\b`).test(
      code,
    );
    if (isTyped || isNamed || isUsed) return name;
  }
  return null;
}

/**
 * The value of `session.user.role` that stands for an administrator, where a session of this host has such a field.
 * A role in the database alone is not in the session.
 */
export function findAdminRole(
  sources: readonly Source[],
  schema: PrismaSchema | null,
): string | null {
  const texts = sources
    .filter(({ text }) => !text.includes("prisma-backup-admin"))
    .map(({ text }) => withoutComments(text));
  const isInSession = texts.some(
    (text) =>
      /\bsession\??\.user[!?]*\.role\b/.test(text) ||
      /\buser\s*:\s*\{[^}]*\brole\b/.test(declaredSession(text)) ||
      /\binterface\s+User\b[^}]*\brole\b/.test(declaredSession(text)),
  );
  if (!isInSession) return null;
  const isAdmin = (value: string) => /^(?:super[_-]?)?admin(?:istrator)?$/i.test(value);
  const shortest = (values: string[]) =>
    values.filter(isAdmin).toSorted((a, b) => a.length - b.length)[0];
  const compared = texts.flatMap((text) =>
    [...text.matchAll(/\brole\s*[!=]==?\s*["'](\w+)["']/g)].map(([, value = ""]) => value),
  );
  const typed = texts.flatMap((text) =>
    [
      ...text.matchAll(/\b(?:role\??\s*:|type\s+\w*Roles?\s*=)\s*((?:\s*\|?\s*["']\w+["'])+)/gi),
    ].flatMap(([, union = ""]) =>
      [...union.matchAll(/["'](\w+)["']/g)].map(([, value = ""]) => value),
    ),
  );
  const enumerated = [...(schema?.enums ?? [])].flatMap(([name, values]) =>
    /role/i.test(name) ? values : [],
  );
  return shortest(compared) ?? shortest(typed) ?? shortest(enumerated) ?? null;
}

/** What a module adds to next-auth's types. */
function declaredSession(text: string): string {
  const match = /declare\s+module\s+["'](?:next-auth|@auth\/core[\w/]*)["']/.exec(text);
  return match ? text.slice(match.index) : "";
}
