import { auth } from "~/auth";
import { db } from "~/lib/db";

export async function GET() {
  if (!(await auth())) return Response.json({ error: "Sign in first." }, { status: 401 });
  const documents = await db.document.findMany({
    orderBy: { title: "asc" },
    select: { id: true, title: true, pages: true },
  });
  return Response.json(documents);
}
