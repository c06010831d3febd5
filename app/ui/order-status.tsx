import type { OrderStatus } from "../../prisma/generated/enums.ts";

const LOOK: Record<OrderStatus, { label: string; tone: string }> = {
  OPEN: { label: "Open", tone: "bg-warn-soft text-warn" },
  PAID: { label: "Paid", tone: "bg-brand-soft text-brand-strong" },
  SHIPPED: { label: "Shipped", tone: "bg-brand-soft text-brand-strong" },
  DELIVERED: { label: "Delivered", tone: "bg-good-soft text-good" },
  CANCELLED: { label: "Cancelled", tone: "bg-sunken text-muted" },
};

export function OrderStatusBadge({ status }: { status: OrderStatus }) {
  const { label, tone } = LOOK[status];
  return (
    <span className={`inline-block rounded-full px-2.5 py-0.5 text-xs font-medium ${tone}`}>
      {label}
    </span>
  );
}
