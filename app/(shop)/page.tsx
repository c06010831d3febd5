import Link from "next/link";
import { prisma } from "../prisma.ts";
import { requireUser } from "../session.ts";
import { formatDate, formatEuros, formatNumber, formatWholeEuros } from "../ui/format.ts";
import { OrderStatusBadge } from "../ui/order-status.tsx";
import { PageFrame } from "../ui/page-frame.tsx";
import { MessCard } from "./mess-card.tsx";
import { RevenueChart } from "./revenue-chart.tsx";

const sold = { status: { not: "CANCELLED" } } as const;

async function readKeyFigures() {
  const [orders, revenue, customers, products, reviews] = await Promise.all([
    prisma.order.count(),
    prisma.order.aggregate({ where: sold, _sum: { total: true } }),
    prisma.customer.count(),
    prisma.product.aggregate({ _count: true, _avg: { price: true } }),
    prisma.review.count(),
  ]);
  return [
    { label: "Revenue", value: formatWholeEuros(revenue._sum.total) },
    { label: "Orders", value: formatNumber(orders) },
    { label: "Customers", value: formatNumber(customers) },
    { label: "Products", value: formatNumber(products._count) },
    { label: "Average price", value: formatEuros(products._avg.price) },
    { label: "Reviews", value: formatNumber(reviews) },
  ];
}

export default async function OverviewPage() {
  const user = await requireUser("/");
  const [keyFigures, latest] = await Promise.all([
    readKeyFigures(),
    prisma.order.findMany({
      take: 6,
      orderBy: { id: "desc" },
      include: { customer: { select: { name: true } } },
    }),
  ]);
  return (
    <PageFrame title="Overview" description={`Good to see you, ${user.name}.`}>
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-6">
        {keyFigures.map(({ label, value }) => (
          <div key={label} className="card p-4">
            <dt className="text-xs text-muted">{label}</dt>
            <dd className="mt-1 text-lg font-semibold tracking-tight">{value}</dd>
          </div>
        ))}
      </dl>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-6 lg:grid-cols-[minmax(0,1fr)_24rem]">
        <RevenueChart />
        <section aria-labelledby="latest" className="card">
          <div className="flex items-baseline justify-between px-5 pt-5 pb-2">
            <h2 id="latest" className="font-semibold">
              Latest orders
            </h2>
            <Link
              href="/orders"
              className="focus-ring rounded text-sm text-brand-strong underline-offset-4 hover:underline"
            >
              All orders
            </Link>
          </div>
          <ul className="divide-y divide-line px-5 pb-2">
            {latest.map((order) => (
              <li key={order.id.toString()} className="flex items-center gap-3 py-2.5 text-sm">
                <div className="min-w-0 grow">
                  <Link
                    href={`/orders/${order.id}`}
                    className="focus-ring block truncate rounded font-medium underline-offset-4 hover:underline"
                  >
                    {order.customer.name}
                  </Link>
                  <p className="text-muted">{formatDate(order.placedAt)}</p>
                </div>
                <OrderStatusBadge status={order.status} />
                <p className="w-22 text-right whitespace-nowrap">{formatEuros(order.total)}</p>
              </li>
            ))}
            {latest.length === 0 && <li className="py-6 text-sm text-muted">No orders yet.</li>}
          </ul>
        </section>
      </div>
      {user.role === "ADMIN" && <MessCard />}
    </PageFrame>
  );
}
