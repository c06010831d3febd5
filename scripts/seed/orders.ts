import type { Product } from "./catalogue.ts";
import { JSON_NULL, type TableRows, type Value } from "./copy-rows.ts";
import type { Customer } from "./people.ts";
import { DAY_MS, decimal, isoDate, type Period, type Random } from "./random.ts";

const HOUR_MS = 60 * 60 * 1000;
const COUPONS: ReadonlyArray<readonly [code: string, percent: number, validUntil: string | null]> =
  [
    ["WELCOME10", 10, null],
    ["SPRING26", 15, "2026-05-31"],
    ["FRIENDS", 20, null],
    ["MOVING-HOUSE", 5, "2025-12-31"],
  ];
const NOTES = [
  "Please leave it with the neighbour.",
  "A gift: no invoice in the parcel, please.",
  "Ring twice;\nthe bell is quiet.",
  "Deliver after 6\u00a0pm 🙏",
];
const CARRIERS = ["DHL", "GLS", "Österreichische Post", "courier"];

/** Who buys, and what. */
export interface Trade {
  customers: Customer[];
  products: Product[];
}

export interface Sale {
  productId: number;
  quantity: number;
  soldAtMs: number;
}

export interface Orders {
  tables: TableRows[];
  /** The goods that left the warehouse, for its records. */
  sales: Sale[];
}

type Status = "open" | "paid" | "shipped" | "delivered" | "cancelled";

function statusAfter(random: Random, ageMs: number): Status {
  if (random.chance(0.03)) return "cancelled";
  if (ageMs > 14 * DAY_MS) return "delivered";
  return random.pick(["open", "open", "paid", "shipped", "delivered"]);
}

/** Makes orders with lines, invoices, payments and shipments. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: it tells the life of one order after the other.
export function createOrders(
  random: Random,
  orderCount: number,
  { customers, products }: Trade,
  { startMs, endMs }: Period,
): Orders {
  const orders: Value[][] = [];
  const lines: Value[][] = [];
  const invoices: Value[][] = [];
  const payments: Value[][] = [];
  const shipments: Value[][] = [];
  const shipmentLines: Value[][] = [];
  const sales: Sale[] = [];

  const placedAt = Array.from(
    { length: orderCount },
    () => startMs + random.next() ** 0.7 * (endMs - startMs),
  ).sort((a, b) => a - b);

  for (const [index, placedAtMs] of placedAt.entries()) {
    const id = index + 1;
    const customer = random.pick(customers);
    const status = statusAfter(random, endMs - placedAtMs);
    const coupon = random.chance(0.12) ? random.pick(COUPONS) : null;

    const chosen = random.sample(products, random.pick([1, 1, 2, 2, 3, 3, 4, 6]));
    let totalCents = 0;
    const quantities = chosen.map((product, i) => {
      const quantity = random.chance(0.7) ? 1 : random.int(2, 6);
      totalCents += quantity * product.priceCents;
      lines.push([id, i + 1, product.id, quantity, decimal(product.priceCents)]);
      return quantity;
    });
    if (coupon) totalCents = Math.round((totalCents * (100 - coupon[1])) / 100);
    const total = decimal(totalCents);

    orders.push([
      id,
      customer.id,
      random.pick(customer.addressIds),
      coupon?.[0] ?? null,
      status,
      total,
      random.chance(0.08) ? random.pick(NOTES) : null,
      random.timestamp(placedAtMs),
    ]);
    if (status === "open" || status === "cancelled") continue;

    // A few invoices are corrected. Their orders have two, and the later one is valid.
    const issues = random.chance(0.03) ? 2 : 1;
    for (let n = 0; n < issues; n++) {
      const issuedAtMs = placedAtMs + random.int(1, 20) * HOUR_MS + n * DAY_MS;
      const number = `${new Date(placedAtMs).getUTCFullYear()}-${String(invoices.length + 1).padStart(6, "0")}`;
      invoices.push([
        ...[invoices.length + 1, number, id, total],
        ...[random.timestamp(issuedAtMs), isoDate(issuedAtMs + 14 * DAY_MS)],
      ]);
    }
    const method = random.pick(["card", "card", "card", "bank transfer", "invoice", "cash"]);
    payments.push([
      random.uuid(),
      id,
      method,
      total,
      receipt(random, method),
      random.timestamp(placedAtMs + random.int(0, 5 * DAY_MS)),
    ]);
    if (status === "paid") continue;

    const shipmentId = random.uuid();
    const shippedAtMs = placedAtMs + random.int(12, 80) * HOUR_MS;
    shipments.push([
      shipmentId,
      id,
      random.int(1, 3),
      random.pick(CARRIERS),
      random.chance(0.9) ? `AF${random.int(10, 99)}${String(id).padStart(8, "0")}` : null,
      random.timestamp(shippedAtMs),
    ]);
    for (const [i, product] of chosen.entries()) {
      const quantity = quantities[i] ?? 1;
      shipmentLines.push([shipmentId, id, i + 1, quantity]);
      sales.push({ productId: product.id, quantity, soldAtMs: shippedAtMs });
    }
  }

  return {
    sales,
    tables: [
      {
        table: "coupons",
        columns: ["code", "percent_off", "valid_until"],
        rows: COUPONS.map((coupon) => [...coupon]),
      },
      {
        table: "orders",
        columns: [
          ...["id", "customer_id", "shipping_address_id", "coupon_code"],
          ...["status", "total", "note", "placed_at"],
        ],
        rows: orders,
      },
      {
        table: "order_lines",
        columns: ["order_id", "position", "product_id", "quantity", "unit_price"],
        rows: lines,
      },
      {
        table: "invoices",
        columns: ["id", "number", "order_id", "total", "issued_at", "due_on"],
        rows: invoices,
      },
      {
        table: "payments",
        columns: ["id", "order_id", "method", "amount", "receipt", "received_at"],
        rows: payments,
      },
      {
        table: "warehouse.shipments",
        columns: ["id", "order_id", "site_id", "carrier", "tracking_no", "shipped_at"],
        rows: shipments,
      },
      {
        table: "warehouse.shipment_lines",
        columns: ["shipment_id", "order_id", "position", "quantity"],
        rows: shipmentLines,
      },
    ],
  };
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
