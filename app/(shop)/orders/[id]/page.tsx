import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import type { ReactNode } from "react";
import { prisma } from "../../../prisma.ts";
import { requireUser } from "../../../session.ts";
import { formatDate, formatDateTime, formatEuros } from "../../../ui/format.ts";
import { OrderStatusBadge } from "../../../ui/order-status.tsx";
import { PageFrame } from "../../../ui/page-frame.tsx";
import { ProductPicture } from "../../../ui/product-picture.tsx";

interface OrderPageProps {
  params: Promise<{ id: string }>;
}

export async function generateMetadata({ params }: OrderPageProps): Promise<Metadata> {
  return { title: `Order #${(await params).id}` };
}

function findOrder(id: string) {
  if (!/^\d{1,15}$/.test(id)) notFound();
  return prisma.order.findUnique({
    where: { id: BigInt(id) },
    include: {
      customer: true,
      shippingAddress: true,
      coupon: true,
      invoices: { orderBy: { id: "asc" } },
      payments: true,
      shipments: { include: { warehouse: true } },
      lines: {
        orderBy: { position: "asc" },
        include: { product: { include: { pictures: { take: 1, orderBy: { position: "asc" } } } } },
      },
    },
  });
}

export default async function OrderPage({ params }: OrderPageProps) {
  const { id } = await params;
  await requireUser(`/orders/${encodeURIComponent(id)}`);
  const order = (await findOrder(id)) ?? notFound();
  return (
    <PageFrame
      title={`Order #${order.id}`}
      description={`Placed ${formatDateTime(order.placedAt)} UTC`}
      actions={<OrderStatusBadge status={order.status} />}
    >
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_18rem]">
        <Lines order={order} />
        <Facts order={order} />
      </div>
      <Link href="/orders" className="button justify-self-start">
        All orders
      </Link>
    </PageFrame>
  );
}

type Order = NonNullable<Awaited<ReturnType<typeof findOrder>>>;

function Lines({ order }: { order: Order }) {
  return (
    <div className="card">
      <ul className="divide-y divide-line">
        {order.lines.map((line) => (
          <li key={line.position} className="flex items-center gap-3 px-4 py-3 text-sm">
            <ProductPicture content={line.product.pictures[0]?.content} />
            <div className="min-w-0 grow">
              <p className="font-medium">{line.product.name}</p>
              <p className="text-muted">
                {line.quantity} × {formatEuros(line.unitPrice)}
              </p>
            </div>
            <p className="whitespace-nowrap">{formatEuros(line.unitPrice.mul(line.quantity))}</p>
          </li>
        ))}
      </ul>
      <div className="flex justify-between border-t border-line px-4 py-3 text-sm font-semibold">
        <p>
          Total
          {order.coupon && (
            <span className="ml-2 font-normal text-muted">
              with {order.coupon.code}, −{order.coupon.percentOff} %
            </span>
          )}
        </p>
        <p>{formatEuros(order.total)}</p>
      </div>
    </div>
  );
}

function Facts({ order }: { order: Order }) {
  const { customer, shippingAddress: address } = order;
  return (
    <dl className="card grid gap-5 p-5 text-sm">
      <Fact label="Customer">
        <p className="font-medium">{customer.name}</p>
        <p className="break-words text-muted">{customer.email}</p>
      </Fact>
      <Fact label="Ships to">
        {address.street}
        <br />
        {address.postalCode} {address.city}, {address.country}
      </Fact>
      {order.note && (
        <Fact label="Note">
          <span className="whitespace-pre-line">{order.note}</span>
        </Fact>
      )}
      <Fact label="Invoices">
        {order.invoices.length === 0 && <span className="text-muted">None yet</span>}
        {order.invoices.map((invoice) => (
          <p key={invoice.id}>
            {invoice.number}{" "}
            <span className="text-muted">
              {invoice.id === order.currentInvoiceId
                ? `due ${formatDate(invoice.dueOn)}`
                : "replaced"}
            </span>
          </p>
        ))}
      </Fact>
      {order.payments.map((payment) => (
        <Fact key={payment.id} label="Paid">
          {formatEuros(payment.amount)}{" "}
          <span className="text-muted">{formatDate(payment.receivedAt)}</span>
        </Fact>
      ))}
      {order.shipments.map((shipment) => (
        <Fact key={shipment.id} label="Shipped">
          {shipment.carrier} from {shipment.warehouse.name}
          <br />
          <span className="text-muted">
            {formatDate(shipment.shippedAt)}
            {shipment.trackingNo && ` · ${shipment.trackingNo}`}
          </span>
        </Fact>
      ))}
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt className="mb-1 text-xs font-medium text-muted">{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
