import { getSession } from "@/lib/session";

export default async function Page() {
  const session = await getSession();
  return <p>{session?.user.name}</p>;
}
