"use client";

import { LogOut } from "lucide-react";
import { signOut } from "next-auth/react";

export function SignOutButton() {
  return (
    <button
      type="button"
      onClick={() => signOut({ callbackUrl: "/sign-in" })}
      className="focus-ring -mx-2 inline-flex cursor-pointer items-center gap-2 rounded-md px-2 py-1 text-sm text-muted hover:text-ink"
    >
      <LogOut aria-hidden className="size-4" />
      Sign out
    </button>
  );
}
