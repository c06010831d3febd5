import type { Visitor } from "../config.ts";

/**
 * Whom a session of an auth library belongs to: the id is `user.id` where the app puts it there, else the e-mail address.
 *
 * @throws where it has neither, without asking `allow`: Auth.js gives an object without a user where its set-up is wrong
 */
export async function readVisitor<Session extends object>(
  session: Session,
  allow: (session: Session) => boolean | Promise<boolean>,
): Promise<Visitor> {
  const user: unknown = Reflect.get(session, "user");
  const id = text(user, "id") ?? text(user, "email");
  if (id === null) {
    throw new Error(
      "The session has neither user.id nor user.email. Set one in the auth library's session callback.",
    );
  }
  const name = text(user, "name") ?? text(user, "email") ?? id;
  return { id, name, allowed: (await allow(session)) === true };
}

function text(user: unknown, key: string): string | null {
  const value: unknown = typeof user === "object" && user !== null ? Reflect.get(user, key) : null;
  return typeof value === "string" && value !== "" ? value : null;
}
