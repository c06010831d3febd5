import "server-only";
import { type AuthOptions, getServerSession, type Session } from "next-auth";
import type { Authorize } from "../config.ts";
import { type Allow, readVisitor } from "./session-user.ts";

/**
 * `authorize` for apps with next-auth 4: `nextAuth(authOptions, async (session) => (await readRole(session)) === "ADMIN")`.
 *
 * Ask the database in it: a session that is a JWT says what was true at the sign-in.
 *
 * The person's id is `session.user.id` where a session callback sets it, else the e-mail address.
 *
 * @param allow whether this person may do it, asked on each request
 */
export function nextAuth(authOptions: AuthOptions, allow: Allow<Session>): Authorize {
  return async (_request, context) => {
    const session = await getServerSession(authOptions);
    return session ? readVisitor(session, allow, context) : null;
  };
}
