import type { ReactNode } from "react";
import { requireUser } from "../session.ts";
import { Shell } from "../ui/shell.tsx";

export default async function ShopLayout({ children }: { children: ReactNode }) {
  return <Shell user={await requireUser("/")}>{children}</Shell>;
}
