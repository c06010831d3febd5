import { DAY_MS, decimal, isoDate, type Random } from "./random.ts";
import type { Shop, Trade } from "./shop.ts";
import { JSON_NULL, type Value } from "./tables.ts";

const HOUR_MS = 60 * 60 * 1000;
const COUPONS = [
  { code: "WELCOME10", percent_off: 10, valid_until: null },
  { code: "SPRING26", percent_off: 15, valid_until: "2026-05-31" },
  { code: "FRIENDS", percent_off: 20, valid_until: null },
  { code: "MOVING-HOUSE", percent_off: 5, valid_until: "2025-12-31" },
];
const NOTES = [
  "Please leave it with the neighbour.",
  "A gift: no invoice in the parcel, please.",
  "Ring twice;\nthe bell is quiet.",
  "Deliver after 6\u00a0pm 🙏",
];
const CARRIERS = ["DHL", "GLS", "Österreichische Post", "courier"];

/** Goods that left the warehouse. */
export interface Sale {
  productId: number;
  quantity: number;
  soldAtMs: number;
}

/** The order whose documents are made. */
interface Order {
  id: number;
  total: string;
  placedAtMs: number;
}

type Status = "open" | "paid" | "shipped" | "delivered" | "cancelled";

function statusAfter(random: Random, ageMs: number): Status {
  if (random.chance(0.03)) return "cancelled";
  if (ageMs > 14 * DAY_MS) return "delivered";
  return random.pick(["open", "open", "paid", "shipped", "delivered"]);
}

/** Makes orders with lines, invoices, payments and shipments. @returns what left the warehouse */
export function createOrders(shop: Shop, orderCount: number, trade: Trade): Sale[] {
  const { random, tables, period } = shop;
  for (const coupon of COUPONS) tables.add("coupons", coupon);
  const placedAt = Array.from(
    { length: orderCount },
    () => period.startMs + random.next() ** 0.7 * (period.endMs - period.startMs),
  ).sort((a, b) => a - b);
  const sales: Sale[] = [];
  let invoices = 0;
  for (const [index, placedAtMs] of placedAt.entries()) {
    const id = index + 1;
    const customer = random.pick(trade.customers);
    const status = statusAfter(random, period.endMs - placedAtMs);
    const coupon = random.chance(0.12) ? random.pick(COUPONS) : null;
    const lines = random
      .sample(trade.products, random.pick([1, 1, 2, 2, 3, 3, 4, 6]))
      .map((product) => ({ product, quantity: random.chance(0.7) ? 1 : random.int(2, 6) }));
    const cents = lines.reduce((sum, it) => sum + it.quantity * it.product.priceCents, 0);
    const total = decimal(coupon ? Math.round((cents * (100 - coupon.percent_off)) / 100) : cents);
    tables.add("orders", {
      id,
      customer_id: customer.id,
      shipping_address_id: random.pick(customer.addressIds),
      coupon_code: coupon?.code ?? null,
      status,
      total,
      note: random.chance(0.08) ? random.pick(NOTES) : null,
      placed_at: random.timestamp(placedAtMs),
    });
    for (const [i, { product, quantity }] of lines.entries()) {
      tables.add("order_lines", {
        ...{ order_id: id, position: i + 1, product_id: product.id, quantity },
        unit_price: decimal(product.priceCents),
      });
    }
    if (status === "open" || status === "cancelled") continue;
    const order = { id, total, placedAtMs };
    invoices = createInvoices(shop, order, invoices);
    createPayment(shop, order);
    if (status === "paid") continue;
    const shipment = createShipment(shop, order);
    for (const [i, { product, quantity }] of lines.entries()) {
      tables.add("warehouse.shipment_lines", {
        ...{ shipment_id: shipment.id, order_id: id, position: i + 1, quantity },
      });
      sales.push({ productId: product.id, quantity, soldAtMs: shipment.atMs });
    }
  }
  return sales;
}

/** A few invoices are corrected. Their orders have two, and the later one is valid. @returns the last invoice's id */
function createInvoices({ random, tables }: Shop, order: Order, lastId: number): number {
  const issues = random.chance(0.03) ? 2 : 1;
  for (let n = 0; n < issues; n++) {
    const issuedAtMs = order.placedAtMs + random.int(1, 20) * HOUR_MS + n * DAY_MS;
    const id = lastId + n + 1;
    tables.add("invoices", {
      id,
      number: `${new Date(order.placedAtMs).getUTCFullYear()}-${String(id).padStart(6, "0")}`,
      order_id: order.id,
      total: order.total,
      issued_at: random.timestamp(issuedAtMs),
      due_on: isoDate(issuedAtMs + 14 * DAY_MS),
    });
  }
  return lastId + issues;
}

function createPayment({ random, tables }: Shop, order: Order): void {
  const method = random.pick(["card", "card", "card", "bank transfer", "invoice", "cash"]);
  tables.add("payments", {
    id: random.uuid(),
    order_id: order.id,
    method,
    amount: order.total,
    receipt: receipt(random, method),
    received_at: random.timestamp(order.placedAtMs + random.int(0, 5 * DAY_MS)),
  });
}

function createShipment({ random, tables }: Shop, order: Order): { id: string; atMs: number } {
  const id = random.uuid();
  const atMs = order.placedAtMs + random.int(12, 80) * HOUR_MS;
  tables.add("warehouse.shipments", {
    id,
    order_id: order.id,
    site_id: random.int(1, 3),
    carrier: random.pick(CARRIERS),
    tracking_no: random.chance(0.9)
      ? `AF${random.int(10, 99)}${String(order.id).padStart(8, "0")}`
      : null,
    shipped_at: random.timestamp(atMs),
  });
  return { id, atMs };
}

function receipt(random: Random, method: string): Value {
  if (method === "cash") return null;
  if (method === "invoice") return JSON_NULL;
  return {
    reference: `R-${random.int(100000, 999999)}`,
    fee: random.int(20, 900) / 100,
    last4: method === "card" ? String(random.int(0, 9999)).padStart(4, "0") : null,
  };
}
