import { redirect } from "next/navigation";
import { AuthError } from "next-auth";
import { signIn } from "~/auth";
import { Button } from "~/components/ui/button";

export default async function SignIn(props: PageProps<"/sign-in">) {
  const { to, callbackUrl, error } = await props.searchParams;
  const asked = [to, callbackUrl].find((it) => typeof it === "string") ?? "/";
  // Next's `redirect` adds the basePath, but the return address already contains it.
  const target = asked.replace(/^\/internal(?=\/|$)/, "");
  async function submit(form: FormData) {
    "use server";
    try {
      await signIn("credentials", {
        email: form.get("email"),
        password: form.get("password"),
        redirect: false,
      });
    } catch (cause) {
      if (cause instanceof AuthError) return redirect("/sign-in?error=wrong");
      throw cause;
    }
    redirect(/^\/(?!\/)/.test(target) ? target : "/");
  }
  return (
    <main className="mx-auto max-w-sm p-8">
      <h1 className="mb-4 text-xl font-semibold">Sign in</h1>
      {error && <p className="mb-4 text-destructive">E-mail or password is wrong.</p>}
      <form action={submit} className="grid gap-4">
        <label className="grid gap-1 text-sm">
          E-mail
          <input name="email" type="email" required className="rounded-md border px-3 py-2" />
        </label>
        <label className="grid gap-1 text-sm">
          Password
          <input name="password" type="password" required className="rounded-md border px-3 py-2" />
        </label>
        <Button type="submit">Sign in</Button>
      </form>
    </main>
  );
}
