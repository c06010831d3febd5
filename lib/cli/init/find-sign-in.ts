import type { Aliases } from "../host/import-alias.ts";
import {
  describe,
  escapeName,
  type Import,
  type Reference,
  rankReferences,
} from "../host/imports.ts";
import { dependenciesOf, majorOf } from "../host/installed.ts";
import { withoutComments } from "../host/source-text.ts";
import { readText } from "../host/sources.ts";

export const SIGN_INS = {
  "next-auth": "next-auth 4",
  "auth-js": "Auth.js 5",
  "better-auth": "Better Auth",
  clerk: "Clerk",
} as const;

export interface SignIn {
  kind: keyof typeof SIGN_INS;
  /** next-auth's options, or what other libraries call `auth`. Null for Clerk, which needs nothing from the app. */
  reference: Reference | null;
}

/** Finds how the app's modules check who is signed in. What most of them import comes first. */
export async function findSignIns(
  root: string,
  imports: readonly Import[],
  aliases: Aliases,
): Promise<SignIn[]> {
  const major = await majorOf(root, "next-auth");
  const texts = new Map<string, string>();
  for (const { file } of imports)
    if (file && !texts.has(file)) texts.set(file, withoutComments((await readText(file)) ?? ""));
  const find = (kind: SignIn["kind"], isOne: (it: Import, name: string, made: string) => boolean) =>
    rankReferences(root, imports, aliases, (it) => {
      const made = texts.get(it.file ?? "") ?? "";
      return it.exported !== "*" && isOne(it, escapeName(it.local), made) ? "" : null;
    }).map((reference): SignIn => ({ kind, reference }));

  const found = find("better-auth", ({ code }, name, made) => {
    const isAsked = new RegExp(`\\b${name}\\.api\\.getSession\\b`).test(code);
    return isAsked || (/\bbetterAuth\(/.test(made) && /^auth$/i.test(name));
  });
  if (major === 4) {
    const isOptions = /^(?:next)?auth_?(?:options|config)$/i;
    const isUsed = (name: string, code: string) =>
      new RegExp(`\\b(?:NextAuth|getServerSession)\\(([^()]*,)?\\s*${name}\\s*[,)]`).test(code);
    found.push(
      ...find("next-auth", ({ code }, name) => isOptions.test(name) || isUsed(name, code)),
    );
  } else if (major !== null) {
    // `export const { auth: getSession } = NextAuth(…)`
    const isAuth = ({ exported, specifier }: Import, made: string) =>
      exported === "auth"
        ? !specifier.startsWith("@clerk/")
        : /\bNextAuth\(/.test(made) && new RegExp(`\\bauth\\s*:\\s*${exported}\\b`).test(made);
    found.push(
      ...find(
        "auth-js",
        (it, name, made) => isAuth(it, made) && new RegExp(`\\b${name}\\(`).test(it.code),
      ),
    );
  }
  if ("@clerk/nextjs" in (await dependenciesOf(root)))
    found.push({ kind: "clerk", reference: null });
  return found.toSorted((a, b) => (b.reference?.uses ?? 0) - (a.reference?.uses ?? 0));
}

export const describeSignIn = ({ kind, reference }: SignIn): string =>
  SIGN_INS[kind] + (reference ? `, ${describe(reference)}` : "");
