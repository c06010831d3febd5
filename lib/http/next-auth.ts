import "server-only";
import { type AuthOptions, getServerSession, type Session } from "next-auth";
import type { Authorize } from "../config.ts";
import { type Allow, readVisitor } from "./session-user.ts";

/**
 * Makes `authorize` for apps with next-auth 4: `nextAuth(authOptions, async (session) => (await readRole(session)) ===
 * "ADMIN")`.
 *
 * Query the database in `allow`, because a session that is a JWT only says what was true at the sign-in.
 *
 * The person's id is `session.user.id` if a session callback sets it, else the e-mail address.
 *
 * @param allow returns whether this person may do it; called on each request
 */
export function nextAuth(authOptions: AuthOptions, allow: Allow<Session>): Authorize {
  return async (_request, context) => {
    const session = await getServerSession(authOptions);
    return session ? readVisitor(session, allow, context) : null;
  };
}
