import "server-only";
import type { DefaultSession, NextAuthOptions } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import { hashPassword, verifyPassword } from "./password.ts";
import { prisma } from "./prisma.ts";

type Role = "ADMIN" | "CLERK";

declare module "next-auth" {
  interface User {
    role: Role;
  }
  interface Session {
    /** As of the sign-in. Only for the page frame, which must not wait while a restore has locked the users. */
    user: { id: string; role: Role } & DefaultSession["user"];
    signedInAtMs: number;
  }
}

declare module "next-auth/jwt" {
  interface JWT {
    role: Role;
    signedInAtMs: number;
  }
}

/** Verified if no user has the address, so that the answer takes as long as for an existing user. */
const nobodysHash = hashPassword("nobody");

export const authOptions: NextAuthOptions = {
  session: { strategy: "jwt", maxAge: 12 * 60 * 60 },
  pages: { signIn: "/sign-in" },
  providers: [
    CredentialsProvider({
      name: "Password",
      credentials: { email: { type: "email" }, password: { type: "password" } },
      async authorize(credentials) {
        const email = credentials?.email?.trim().toLowerCase();
        const user = email ? await prisma.user.findUnique({ where: { email } }) : null;
        const hash = user?.passwordHash ?? (await nobodysHash);
        const correct = await verifyPassword(credentials?.password ?? "", hash);
        return user && correct
          ? { id: user.id, name: user.name, email: user.email, role: user.role }
          : null;
      },
    }),
  ],
  callbacks: {
    jwt({ token, user }) {
      if (user) {
        token.role = user.role;
        token.signedInAtMs = Date.now();
      }
      return token;
    },
    session({ session, token }) {
      session.user.id = token.sub ?? "";
      session.user.role = token.role;
      session.signedInAtMs = token.signedInAtMs;
      return session;
    },
  },
};
