import type { Metadata } from "next";
import type { Prisma } from "../../../prisma/generated/client.ts";
import { prisma } from "../../prisma.ts";
import { requireUser } from "../../session.ts";
import { formatEuros, formatNumber } from "../../ui/format.ts";
import { ListPage } from "../../ui/list-page.tsx";
import { listHref, pageOf, readListQuery, type SearchParams } from "../../ui/list-query.ts";
import { ProductPicture } from "../../ui/product-picture.tsx";

export const metadata: Metadata = { title: "Products" };

export default async function ProductsPage({ searchParams }: { searchParams: SearchParams }) {
  const query = await readListQuery(searchParams);
  await requireUser(listHref("/products", query));
  const contains = { contains: query.search, mode: "insensitive" } as const;
  const where: Prisma.ProductWhereInput = query.search
    ? { OR: [{ name: contains }, { sku: contains }, { category: { name: contains } }] }
    : {};
  const [total, products] = await Promise.all([
    prisma.product.count({ where }),
    prisma.product.findMany({
      where,
      ...pageOf(query),
      orderBy: [{ name: "asc" }, { id: "asc" }],
      include: {
        category: { include: { parent: true } },
        pictures: { take: 1, orderBy: { position: "asc" } },
        stock: { select: { quantity: true } },
      },
    }),
  ]);
  return (
    <ListPage
      title="Products"
      description="By name"
      query={query}
      total={total}
      placeholder="Name, number or category"
      columns={[
        { label: "Product" },
        { label: "Category", className: "max-md:hidden" },
        { label: "In stock", className: "text-right! max-md:hidden" },
        { label: "Price", className: "text-right!" },
      ]}
    >
      {products.map((product) => (
        <tr key={product.id} className="hover:bg-sunken/60">
          <td>
            <div className="flex items-center gap-3">
              <ProductPicture content={product.pictures[0]?.content} />
              <div className="min-w-0">
                <p className="font-medium">{product.name}</p>
                <p className="text-muted">
                  {product.sku}
                  {!product.active && " · no longer sold"}
                </p>
              </div>
            </div>
          </td>
          <td className="text-muted max-md:hidden">
            {product.category.parent && `${product.category.parent.name} / `}
            {product.category.name}
          </td>
          <td className="text-right max-md:hidden">
            {formatNumber(product.stock.reduce((sum, { quantity }) => sum + quantity, 0))}
          </td>
          <td className="text-right whitespace-nowrap">{formatEuros(product.price)}</td>
        </tr>
      ))}
    </ListPage>
  );
}
