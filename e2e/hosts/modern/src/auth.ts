import NextAuth, { type DefaultSession } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { db } from "~/lib/db";
import { isPassword } from "~/lib/password";

declare module "next-auth" {
  interface Session {
    user: { id: string } & DefaultSession["user"];
    signedInAtMs: number;
  }
}

export const { handlers, auth, signIn, signOut } = NextAuth({
  basePath: "/internal/api/auth",
  trustHost: true,
  session: { strategy: "jwt" },
  pages: { signIn: "/internal/sign-in" },
  providers: [
    Credentials({
      credentials: { email: {}, password: {} },
      async authorize({ email, password }) {
        const user = await db.user.findUnique({ where: { email: String(email) } });
        return user && isPassword(String(password), user.passwordHash) ? user : null;
      },
    }),
  ],
  callbacks: {
    jwt({ token, user }) {
      if (user) token.signedInAtMs = Date.now();
      return token;
    },
    session({ session, token }) {
      session.user.id = token.sub ?? "";
      session.signedInAtMs = Number(token.signedInAtMs);
      return session;
    },
  },
});
