"use client";

import { signIn } from "next-auth/react";
import { useActionState } from "react";
import { callbackPath } from "./callback-path.ts";

export function SignInForm({ callbackUrl }: { callbackUrl: string | undefined }) {
  const [error, submit, pending] = useActionState(
    async (_: string | null, form: FormData): Promise<string | null> => {
      const result = await signIn("credentials", {
        email: form.get("email"),
        password: form.get("password"),
        redirect: false,
      }).catch(() => undefined);
      if (!result) return "The server did not answer. Try again in a moment.";
      if (!result.ok) return "This address and password do not belong together.";
      // Load the page anew, so that nothing rendered for the previous account remains.
      window.location.assign(callbackPath(callbackUrl, window.location.origin));
      return null;
    },
    null,
  );
  return (
    <form action={submit} className="grid gap-4">
      <label className="grid gap-1.5 text-sm font-medium">
        E-mail
        <input
          type="email"
          name="email"
          required
          autoComplete="username"
          aria-describedby="sign-in-error"
          className="field font-normal"
        />
      </label>
      <label className="grid gap-1.5 text-sm font-medium">
        Password
        <input
          type="password"
          name="password"
          required
          autoComplete="current-password"
          aria-describedby="sign-in-error"
          className="field font-normal"
        />
      </label>
      <p id="sign-in-error" role="alert" className="text-sm text-bad empty:hidden">
        {!pending && error}
      </p>
      <button type="submit" disabled={pending} className="button-brand">
        {pending ? "Signing in…" : "Sign in"}
      </button>
    </form>
  );
}
