import type { Metadata } from "next";
import { Brand } from "../ui/brand.tsx";
import type { SearchParams } from "../ui/list-query.ts";
import { SignInForm } from "./sign-in-form.tsx";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: { searchParams: SearchParams }) {
  const { callbackUrl } = await searchParams;
  return (
    <main className="mx-auto grid min-h-dvh max-w-sm content-center gap-8 px-4 py-10">
      <Brand />
      <div>
        <h1 className="text-2xl font-semibold tracking-tight">Sign in</h1>
        <p className="mt-1 text-sm text-muted">to the shop’s back office</p>
      </div>
      <SignInForm callbackUrl={typeof callbackUrl === "string" ? callbackUrl : undefined} />
    </main>
  );
}
