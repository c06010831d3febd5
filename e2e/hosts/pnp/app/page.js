import { auth } from "@/lib/auth";
import { db } from "@/lib/db";

export const dynamic = "force-dynamic";

export default async function Depot() {
  const session = await auth();
  return (
    <main>
      <h1>Wagon depot</h1>
      <p>{session ? `Signed in as ${session.user.email}` : <a href="/sign-in">Sign in</a>}</p>
      <p>{await db.wagon.count()} wagons</p>
    </main>
  );
}
