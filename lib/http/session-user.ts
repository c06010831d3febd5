import type { Action, Visitor } from "../config.ts";

type Answer = boolean | null | { reauthenticate: string };

/**
 * Says whether the person of a session may do something. `true` or `false`; `null` if the account no longer exists, as
 * if nobody were signed in; `{ reauthenticate: "/sign-in" }` if the person has to sign in again first.
 */
export type Allow<Session> = (
  session: Session,
  context: { action: Action },
) => Answer | Promise<Answer>;

/**
 * Reads the person from an auth library's session. The id is `user.id` if the app sets it, else the e-mail address.
 * @throws if there is neither, before `allow` is called: Auth.js returns no user if its set-up is wrong
 */
export async function readVisitor<Session extends object>(
  session: Session,
  allow: Allow<Session>,
  context: { action: Action },
): Promise<Visitor | null> {
  const user: unknown = Reflect.get(session, "user");
  const id = text(user, "id") ?? text(user, "email");
  if (id === null) {
    throw new Error(
      "The session has neither user.id nor user.email. Set one in the auth library's session callback.",
    );
  }
  const name = text(user, "name") ?? text(user, "email") ?? id;
  const answer = await allow(session, context);
  if (answer === null) return null;
  if (typeof answer === "object") {
    return { id, name, allowed: false, reauthenticate: answer.reauthenticate };
  }
  return { id, name, allowed: answer === true };
}

function text(user: unknown, key: string): string | null {
  const value: unknown = typeof user === "object" && user !== null ? Reflect.get(user, key) : null;
  return typeof value === "string" && value !== "" ? value : null;
}
