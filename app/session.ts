import "server-only";
import { forbidden, redirect } from "next/navigation";
import { getServerSession, type Session } from "next-auth";
import { authOptions } from "./auth.ts";

/** Who is signed in. Sends everyone else to the sign-in page, and from there back to `path`. */
export async function requireUser(path: string): Promise<Session["user"]> {
  const session = await getServerSession(authOptions);
  if (!session) redirect(`/sign-in?callbackUrl=${encodeURIComponent(path)}`);
  return session.user;
}

/** As `requireUser`; answers 403 to who is no admin. */
export async function requireAdmin(path: string): Promise<Session["user"]> {
  const user = await requireUser(path);
  if (user.role !== "ADMIN") forbidden();
  return user;
}
