"use client";

import { signIn } from "next-auth/react";
import type { FormEvent } from "react";

export function SignInForm({ callbackUrl }: { callbackUrl: string }) {
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const { email, password } = Object.fromEntries(new FormData(event.currentTarget));
    signIn("credentials", { email, password, callbackUrl });
  }
  return (
    <form onSubmit={submit}>
      <label>
        E-mail <input name="email" type="email" required />
      </label>
      <label>
        Password <input name="password" type="password" required />
      </label>
      <button type="submit">Sign in</button>
    </form>
  );
}
