import Link from "next/link";
import { getServerSession } from "next-auth";
import type { ReactNode } from "react";
import { authOptions } from "../auth.ts";
import { Brand } from "./brand.tsx";
import { NavLinks } from "./nav-links.tsx";
import { SignOutButton } from "./sign-out-button.tsx";

/** The frame around every page of a signed-in person. It protects nothing: pages authorize themselves. */
export async function Shell({ children }: { children: ReactNode }) {
  const session = await getServerSession(authOptions);
  if (!session) return children;
  const { user } = session;
  return (
    <div className="md:grid md:min-h-dvh md:grid-cols-[14.5rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="focus-ring sr-only rounded-lg bg-surface px-4 py-2 text-sm focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-10"
      >
        Skip to the content
      </a>
      <header className="border-b border-line bg-surface md:sticky md:top-0 md:flex md:h-dvh md:flex-col md:border-r md:border-b-0">
        <div className="flex items-center justify-between px-4 pt-3 md:px-5 md:pt-6 md:pb-5">
          <Link href="/" className="focus-ring rounded-md">
            <Brand />
          </Link>
          <div className="md:hidden">
            <SignOutButton />
          </div>
        </div>
        <NavLinks admin={user.role === "ADMIN"} />
        <div className="mt-auto hidden border-t border-line p-5 md:block">
          <p className="truncate text-sm font-medium">{user.name}</p>
          <p className="mb-3 truncate text-xs text-muted">
            {user.role === "ADMIN" ? "Administrator" : "Clerk"}
          </p>
          <SignOutButton />
        </div>
      </header>
      <main id="content" className="min-w-0">
        {children}
      </main>
    </div>
  );
}
