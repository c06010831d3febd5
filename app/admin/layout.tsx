import { getServerSession } from "next-auth";
import type { ReactNode } from "react";
import { authOptions } from "../auth.ts";
import { Shell } from "../ui/shell.tsx";

/** The pages below authorise themselves; to a stranger there is nothing to frame. */
export default async function AdminLayout({ children }: { children: ReactNode }) {
  const session = await getServerSession(authOptions);
  return session ? <Shell user={session.user}>{children}</Shell> : children;
}
