import Link from "next/link";
import type { ReactNode } from "react";
import { Brand } from "./brand.tsx";

export function MessagePage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="mx-auto grid min-h-dvh max-w-sm content-center justify-items-start gap-4 px-4 py-10">
      <Brand />
      <h1 className="mt-4 text-xl font-semibold tracking-tight">{title}</h1>
      <p className="text-sm text-muted">{children}</p>
      <div className="flex flex-wrap gap-3">
        <Link href="/" className="button-brand">
          To the overview
        </Link>
        <Link href="/sign-in" className="button">
          Sign in with another account
        </Link>
      </div>
    </main>
  );
}
