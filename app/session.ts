import "server-only";
import { forbidden, redirect } from "next/navigation";
import { getServerSession, type Session } from "next-auth";
import { authOptions } from "./auth.ts";
import { prisma } from "./prisma.ts";

/** Whom a session belongs to, as the database has it now: the session itself is true of the sign-in. Null once removed. */
export const findUser = ({ user }: Session) =>
  prisma.user.findUnique({
    where: { id: user.id },
    select: { id: true, name: true, role: true },
  });

type User = NonNullable<Awaited<ReturnType<typeof findUser>>>;

/** Who is signed in. Sends everyone else to the sign-in page, and from there back to `path`. */
export async function requireUser(path: string): Promise<User> {
  const session = await getServerSession(authOptions);
  const user = session && (await findUser(session));
  if (!user) redirect(`/sign-in?callbackUrl=${encodeURIComponent(path)}`);
  return user;
}

/** As `requireUser`; answers 403 to who is no admin. */
export async function requireAdmin(path: string): Promise<User> {
  const user = await requireUser(path);
  if (user.role !== "ADMIN") forbidden();
  return user;
}
