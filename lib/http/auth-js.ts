import "server-only";
import type { Authorize } from "../config.ts";
import { type Allow, readVisitor } from "./session-user.ts";

type AnyAuth = (...args: never) => unknown;

/**
 * What `auth()` gives. Auth.js declares `auth` by five signatures, of which this is the one without arguments; where it
 * has fewer, TypeScript repeats or makes up the others.
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
 * `authorize` for apps with Auth.js 5: `authJs(auth, async (session) => (await readRole(session)) === "ADMIN")`, where `auth` is one
 * of the things that `NextAuth(…)` returns.
 *
 * The person's id is `session.user.id` where a session callback sets it, else the e-mail address.
 *
 * @param allow whether this person may do it, asked on each request
 */
export function authJs<Auth extends AnyAuth>(auth: Auth, allow: Allow<SessionOf<Auth>>): Authorize {
  // Without arguments it reads the cookies of the request by itself.
  const getSession = auth as unknown as () => Promise<SessionOf<Auth> | null>;
  return async (_request, context) => {
    const session = await getSession();
    return session ? readVisitor(session, allow, context) : null;
  };
}
