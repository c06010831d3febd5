import { redirect } from "next/navigation";
import { AuthError } from "next-auth";
import { signIn } from "@/lib/auth";

export default async function SignIn({ searchParams }) {
  const { error } = await searchParams;
  async function submit(form) {
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
    redirect("/");
  }
  return (
    <main>
      <h1>Sign in</h1>
      {error && <p>E-mail or password is wrong.</p>}
      <form action={submit}>
        <label>
          E-mail <input name="email" type="email" required />
        </label>
        <label>
          Password <input name="password" type="password" required />
        </label>
        <button type="submit">Sign in</button>
      </form>
    </main>
  );
}
