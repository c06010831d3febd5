import "server-only";
import { forbidden, redirect } from "next/navigation";
import { getServerSession, type Session } from "next-auth";
import { authOptions } from "./auth.ts";
import { prisma } from "./prisma.ts";

/** Reads the session's user from the database, because a session only knows the sign-in. Null if removed. */
export const findUser = ({ user }: Session) =>
  prisma.user.findUnique({ where: { id: user.id }, select: { id: true, name: true, role: true } });

type User = NonNullable<Awaited<ReturnType<typeof findUser>>>;

/** Returns the signed-in user. Redirects others to the sign-in page, which returns them to `path`. */
export async function requireUser(path: string): Promise<User> {
  const session = await getServerSession(authOptions);
  const user = session && (await findUser(session));
  if (!user) redirect(`/sign-in?callbackUrl=${encodeURIComponent(path)}`);
  return user;
}

/** Like `requireUser`, but answers 403 if the user is not an admin. */
export async function requireAdmin(path: string): Promise<User> {
  const user = await requireUser(path);
  if (user.role !== "ADMIN") forbidden();
  return user;
}
