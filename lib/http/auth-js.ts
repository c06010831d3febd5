import "server-only";
import type { Authorize } from "../config.ts";
import { type Allow, readVisitor } from "./session-user.ts";

type AnyAuth = (...args: never) => unknown;

/**
 * The type of the session that `auth()` resolves to. Auth.js declares `auth` with five signatures; this picks the one
 * without arguments. If `auth` has fewer signatures, TypeScript repeats or invents the others.
 */
type SessionOf<Auth> = Auth extends {
  (...args: infer A): infer RA;
  (...args: infer B): infer RB;
  (...args: infer C): infer RC;
  (...args: infer D): infer RD;
  (...args: infer E): infer RE;
}
  ? SessionIn<[A, RA] | [B, RB] | [C, RC] | [D, RD] | [E, RE]>
  : never;

type SessionIn<Signature> = Signature extends [[], Promise<infer Session>]
  ? NonNullable<Session>
  : never;

/**
 * Makes `authorize` for apps with Auth.js 5: `authJs(auth, async (session) => (await readRole(session)) === "ADMIN")`.
 * `auth` is one of the functions that `NextAuth(…)` returns.
 *
 * The person's id is `session.user.id` if a session callback sets it, else the e-mail address.
 *
 * @param allow returns whether this person may do it; called on each request
 */
export function authJs<Auth extends AnyAuth>(auth: Auth, allow: Allow<SessionOf<Auth>>): Authorize {
  // Without arguments, `auth` reads the cookies of the current request itself.
  const getSession = auth as unknown as () => Promise<SessionOf<Auth> | null>;
  return async (_request, context) => {
    const session = await getSession();
    return session ? readVisitor(session, allow, context) : null;
  };
}
