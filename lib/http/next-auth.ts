import "server-only";
import { type AuthOptions, getServerSession, type Session } from "next-auth";
import type { Authorize } from "../config.ts";
import { readVisitor } from "./session-user.ts";

/**
 * `authorize` for apps with next-auth 4: `nextAuth(authOptions, (session) => session.user.role === "ADMIN")`.
 *
 * The person's id is `session.user.id` where a session callback sets it, else the e-mail address.
 *
 * @param allow whether this person may back up and restore the whole database
 */
export function nextAuth(
  authOptions: AuthOptions,
  allow: (session: Session) => boolean | Promise<boolean>,
): Authorize {
  return async () => {
    const session = await getServerSession(authOptions);
    return session ? readVisitor(session, allow) : null;
  };
}
