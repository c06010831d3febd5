import { getServerSession } from "next-auth";
import { authOptions } from "@/lib/auth";
import { prisma } from "@/lib/prisma";

export const dynamic = "force-dynamic";

export default async function Catalogue() {
  const session = await getServerSession(authOptions);
  const books = await prisma.book.findMany({
    orderBy: { id: "asc" },
    take: 20,
    include: { authors: true, loans: { where: { state: "OUT" } } },
  });
  return (
    <main>
      <h1>Town library</h1>
      <p>{session?.user ? `Signed in as ${session.user.name}` : <a href="/sign-in">Sign in</a>}</p>
      <table>
        <thead>
          <tr>
            <th>ISBN</th>
            <th>Title</th>
            <th>Authors</th>
            <th>Price</th>
            <th>Out</th>
          </tr>
        </thead>
        <tbody>
          {books.map((book) => (
            <tr key={book.id}>
              <td>{book.isbn.toString()}</td>
              <td>{book.title}</td>
              <td>{book.authors.map((author) => author.name).join(", ")}</td>
              <td>{book.price.toFixed(2)}</td>
              <td>{book.loans.length}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </main>
  );
}
