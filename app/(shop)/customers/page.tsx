import type { Metadata } from "next";
import type { Prisma } from "../../../prisma/generated/client.ts";
import { prisma } from "../../prisma.ts";
import { requireUser } from "../../session.ts";
import { formatDate, formatNumber } from "../../ui/format.ts";
import { ListPage } from "../../ui/list-page.tsx";
import { listHref, pageOf, readListQuery, type SearchParams } from "../../ui/list-query.ts";

export const metadata: Metadata = { title: "Customers" };

export default async function CustomersPage({ searchParams }: { searchParams: SearchParams }) {
  const query = await readListQuery(searchParams);
  await requireUser(listHref("/customers", query));
  const contains = { contains: query.search, mode: "insensitive" } as const;
  const where: Prisma.CustomerWhereInput = query.search
    ? { OR: [{ name: contains }, { email: contains }] }
    : {};
  const [total, customers] = await Promise.all([
    prisma.customer.count({ where }),
    prisma.customer.findMany({
      where,
      ...pageOf(query),
      orderBy: [{ name: "asc" }, { id: "asc" }],
      include: {
        addresses: { take: 1, orderBy: { id: "asc" } },
        _count: { select: { orders: true } },
      },
    }),
  ]);
  return (
    <ListPage
      title="Customers"
      description="By name"
      query={query}
      total={total}
      placeholder="Name or e-mail"
      columns={[
        { label: "Name" },
        { label: "City" },
        { label: "Noted", className: "max-md:hidden" },
        { label: "Since", className: "max-md:hidden" },
        { label: "Orders", className: "text-right!" },
      ]}
    >
      {customers.map((customer) => (
        <tr key={customer.id} className="hover:bg-sunken/60">
          <td className="max-w-0 min-w-44 md:w-1/3">
            <p className="truncate font-medium">{customer.name}</p>
            <p className="truncate text-muted">{customer.email}</p>
          </td>
          <td className="text-muted">{customer.addresses[0]?.city}</td>
          <td className="max-md:hidden">
            <div className="flex flex-wrap gap-1">
              {customer.labels.map((label) => (
                <span key={label} className="rounded-full bg-sunken px-2 py-0.5 text-xs text-muted">
                  {label}
                </span>
              ))}
            </div>
          </td>
          <td className="whitespace-nowrap text-muted max-md:hidden">
            {formatDate(customer.createdAt)}
          </td>
          <td className="text-right">{formatNumber(customer._count.orders)}</td>
        </tr>
      ))}
    </ListPage>
  );
}
