import type { Metadata } from "next";
import Link from "next/link";
import type { Prisma } from "../../../prisma/generated/client.ts";
import { prisma } from "../../prisma.ts";
import { requireUser } from "../../session.ts";
import { formatDateTime, formatEuros } from "../../ui/format.ts";
import { ListPage } from "../../ui/list-page.tsx";
import { listHref, pageOf, readListQuery, type SearchParams } from "../../ui/list-query.ts";
import { OrderStatusBadge } from "../../ui/order-status.tsx";

export const metadata: Metadata = { title: "Orders" };

/** Searches by number if the text is one, otherwise by customer. */
function searchFor(search: string): Prisma.OrderWhereInput {
  if (/^#?\d{1,15}$/.test(search)) return { id: BigInt(search.replace("#", "")) };
  return search ? { customer: { name: { contains: search, mode: "insensitive" } } } : {};
}

export default async function OrdersPage({ searchParams }: { searchParams: SearchParams }) {
  const query = await readListQuery(searchParams);
  await requireUser(listHref("/orders", query));
  const where = searchFor(query.search);
  const [total, orders] = await Promise.all([
    prisma.order.count({ where }),
    prisma.order.findMany({
      where,
      ...pageOf(query),
      orderBy: { id: "desc" },
      include: { customer: { select: { name: true } }, _count: { select: { lines: true } } },
    }),
  ]);
  return (
    <ListPage
      title="Orders"
      description="Newest first"
      query={query}
      total={total}
      placeholder="Number or customer"
      columns={[
        { label: "Order" },
        { label: "Customer" },
        { label: "Placed", className: "max-md:hidden" },
        { label: "Lines", className: "max-md:hidden" },
        { label: "Status" },
        { label: "Total", className: "text-right!" },
      ]}
    >
      {orders.map((order) => (
        <tr key={order.id.toString()} className="hover:bg-sunken/60">
          <td>
            <Link
              href={`/orders/${order.id}`}
              className="focus-ring rounded font-medium text-brand-strong underline-offset-4 hover:underline"
            >
              #{order.id.toString()}
            </Link>
          </td>
          <td>{order.customer.name}</td>
          <td className="whitespace-nowrap text-muted max-md:hidden">
            {formatDateTime(order.placedAt)}
          </td>
          <td className="text-muted max-md:hidden">{order._count.lines}</td>
          <td>
            <OrderStatusBadge status={order.status} />
          </td>
          <td className="text-right whitespace-nowrap">{formatEuros(order.total)}</td>
        </tr>
      ))}
    </ListPage>
  );
}
