import type { Product } from "./catalogue.ts";
import type { Sale } from "./orders.ts";
import { DAY_MS, decimal } from "./random.ts";
import type { Shop, Trade } from "./shop.ts";
import { JSON_NULL, type Tables, type Value } from "./tables.ts";

const SITES = [
  { id: 1, code: "BER", name: "Berlin, Westhafen", opens_at: "07:00:00" },
  { id: 2, code: "HAM", name: "Hamburg, Veddel", opens_at: "06:30:00" },
  { id: 3, code: "WIE", name: "Wien, Simmering", opens_at: "08:00:00" },
];
const OPINIONS: ReadonlyArray<readonly [rating: number, text: string]> = [
  [5, "Exactly as in the picture, and heavier than I thought. Lovely."],
  [5, "Third time I order these. They last."],
  [4, "Good, though the colour is a little darker."],
  [4, "Nice. Parcel took its time."],
  [3, "Fine for the price.\n\nNot more."],
  [2, "Arrived with a chip; was replaced without a word."],
  [1, '"Handmade" shows.'],
];

/** Shipments refer to sites, so these come before the orders. */
export function createSites(tables: Tables): void {
  for (const site of SITES) tables.add("warehouse.sites", site);
}

/** Makes the warehouse's stock and its movements. */
export function createStock({ random, tables, period }: Shop, products: Product[], sales: Sale[]) {
  const movements: Array<{
    atMs: number;
    site: number;
    product: number;
    change: number;
    reason: string;
  }> = [];
  for (const { id: product } of products) {
    for (const { id: site } of SITES) {
      tables.add("warehouse.stock_levels", {
        ...{ site_id: site, product_id: product },
        quantity: random.int(0, 240),
        reorder_at: random.pick([5, 10, 20]),
      });
      const change = random.int(80, 400);
      movements.push({ atMs: period.startMs, site, product, change, reason: "received" });
    }
  }
  for (const { productId: product, quantity, soldAtMs } of sales) {
    const site = random.int(1, SITES.length);
    movements.push({ atMs: soldAtMs, site, product, change: -quantity, reason: "sold" });
    if (random.chance(0.04)) {
      const atMs = soldAtMs + random.int(4, 20) * DAY_MS;
      movements.push({ atMs, site, product, change: quantity, reason: "returned" });
    }
  }
  movements.sort((a, b) => a.atMs - b.atMs);
  for (const [index, { atMs, site, product, change, reason }] of movements.entries()) {
    tables.add("warehouse.stock_movements", {
      ...{ id: index + 1, moved_at: random.timestamp(atMs), site_id: site, product_id: product },
      ...{ change, reason },
    });
  }
}

export function createReviews({ random, tables, period }: Shop, reviewCount: number, trade: Trade) {
  const reviews = new Map<string, Record<string, Value>>();
  while (reviews.size < reviewCount) {
    const product = random.pick(trade.products);
    const customer = random.pick(trade.customers);
    const [rating, text] = random.pick(OPINIONS);
    const atMs = customer.createdAtMs + random.next() * (period.endMs - customer.createdAtMs);
    reviews.set(`${product.id} ${customer.id}`, {
      ...{ id: random.uuid(), product_id: product.id, customer_id: customer.id, rating, text },
      created_at: random.timestamp(atMs),
    });
  }
  for (const review of reviews.values()) tables.add("reviews", review);
}

/** Makes the log of what staff did: created (nothing before), changed, and cleared (JSON null after). */
export function createAuditEvents(
  { random, tables, period }: Shop,
  eventCount: number,
  products: Product[],
): void {
  for (let id = 1; id <= eventCount; id++) {
    const product = random.pick(products);
    const price = { price: decimal(product.priceCents) };
    const [action, before, after] = random.pick<[string, Value, Value]>([
      ["product.created", null, price],
      ["product.priced", { price: decimal(product.priceCents + random.int(50, 900)) }, price],
      ["product.note-cleared", { note: "reorder in autumn" }, JSON_NULL],
    ]);
    const atMs = period.startMs + ((period.endMs - period.startMs) * id) / eventCount;
    tables.add("audit_events", {
      id,
      actor: random.pick(["Imke Alder", "Tom Finch", "import"]),
      ...{ action, subject: `product ${product.id}`, before, after },
      happened_at: random.timestamp(atMs),
    });
  }
}
