import "server-only";
import { type AuthOptions, getServerSession, type Session } from "next-auth";
import type { Authorize } from "../config.ts";

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
    if (!session) return null;
    const user: unknown = session.user;
    const id = text(user, "id") ?? text(user, "email");
    if (id === null) {
      throw new Error(
        "The session has neither user.id nor user.email. Set one in next-auth's session callback.",
      );
    }
    const name = text(user, "name") ?? text(user, "email") ?? id;
    return { id, name, allowed: (await allow(session)) === true };
  };
}

function text(user: unknown, key: string): string | null {
  const value: unknown = typeof user === "object" && user !== null ? Reflect.get(user, key) : null;
  return typeof value === "string" && value !== "" ? value : null;
}
