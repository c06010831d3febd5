import { SignInForm } from "./sign-in-form";

export default async function SignIn(props: {
  searchParams: Promise<{ callbackUrl?: string; error?: string }>;
}) {
  const { callbackUrl = "/", error } = await props.searchParams;
  return (
    <main>
      <h1>Sign in</h1>
      {error && <p>E-mail or password is wrong.</p>}
      <SignInForm callbackUrl={callbackUrl} />
    </main>
  );
}
