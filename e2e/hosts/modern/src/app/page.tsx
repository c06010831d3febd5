import { auth } from "~/auth";
import { db } from "~/lib/db";
import { Documents } from "./documents";

export default async function Cases() {
  const session = await auth();
  const cases = await db.caseFile.findMany({
    orderBy: { id: "asc" },
    take: 20,
    include: {
      labels: { orderBy: { id: "asc" } },
      owner: true,
      _count: { select: { documents: true } },
    },
  });
  return (
    <main className="mx-auto max-w-4xl space-y-6 p-8">
      <header className="flex items-baseline justify-between">
        <h1 className="text-2xl font-semibold">Case files</h1>
        <p className="text-sm text-muted-foreground">Signed in as {session?.user.name}</p>
      </header>
      <table className="w-full text-sm">
        <tbody>
          {cases.map((it) => (
            <tr key={it.id.toString()} className="border-b">
              <td className="py-2 font-mono">{it.number}</td>
              <td>{it.state}</td>
              <td className="text-right">{it.claim.toFixed(4)}</td>
              <td>{it.labels.map(({ name }) => name).join(", ")}</td>
              <td>{it.owner?.name}</td>
              <td>{it._count.documents} documents</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Documents />
    </main>
  );
}
