import { scryptSync, timingSafeEqual } from "node:crypto";
import NextAuth from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { db } from "@/lib/db";

/** `salt:hash`, both in hex. */
function isPassword(password, stored) {
  const [salt, hash] = stored.split(":");
  const derived = scryptSync(password, Buffer.from(salt, "hex"), 32);
  return timingSafeEqual(derived, Buffer.from(hash, "hex"));
}

export const { handlers, auth, signIn, signOut } = NextAuth({
  trustHost: true,
  session: { strategy: "jwt" },
  pages: { signIn: "/sign-in" },
  providers: [
    Credentials({
      credentials: { email: {}, password: {} },
      async authorize({ email, password }) {
        const user = await db.user.findUnique({ where: { email: String(email) } });
        return user && isPassword(String(password), user.password) ? user : null;
      },
    }),
  ],
  callbacks: {
    session({ session, token }) {
      session.user.id = token.sub;
      return session;
    },
  },
});

export const isAdmin = (user) => user?.role === "ADMIN";
