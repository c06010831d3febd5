import type { Product } from "./catalogue.ts";
import { JSON_NULL, type TableRows, type Value } from "./copy-rows.ts";
import type { Sale, Trade } from "./orders.ts";
import { DAY_MS, decimal, type Period, type Random } from "./random.ts";

const SITES: ReadonlyArray<readonly [code: string, name: string, opensAt: string]> = [
  ["BER", "Berlin, Westhafen", "07:00:00"],
  ["HAM", "Hamburg, Veddel", "06:30:00"],
  ["WIE", "Wien, Simmering", "08:00:00"],
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

/** Makes the warehouse's sites, stock and movements. */
export function createStock(
  random: Random,
  products: Product[],
  sales: Sale[],
  startMs: number,
): TableRows[] {
  const levels: Value[][] = [];
  const movements: Array<{ atMs: number; row: Value[] }> = [];
  for (const { id } of products) {
    for (const site of SITES.keys()) {
      levels.push([site + 1, id, random.int(0, 240), random.pick([5, 10, 20])]);
      const received = random.int(80, 400);
      movements.push({ atMs: startMs, row: [site + 1, id, received, "received"] });
    }
  }
  for (const { productId, quantity, soldAtMs } of sales) {
    const site = random.int(1, SITES.length);
    movements.push({ atMs: soldAtMs, row: [site, productId, -quantity, "sold"] });
    if (random.chance(0.04)) {
      const atMs = soldAtMs + random.int(4, 20) * DAY_MS;
      movements.push({ atMs, row: [site, productId, quantity, "returned"] });
    }
  }
  movements.sort((a, b) => a.atMs - b.atMs);
  return [
    {
      table: "warehouse.sites",
      columns: ["id", "code", "name", "opens_at"],
      rows: SITES.map((site, index) => [index + 1, ...site]),
    },
    {
      table: "warehouse.stock_levels",
      columns: ["site_id", "product_id", "quantity", "reorder_at"],
      rows: levels,
    },
    {
      table: "warehouse.stock_movements",
      columns: ["id", "moved_at", "site_id", "product_id", "change", "reason"],
      rows: movements.map(({ atMs, row }, index) => [index + 1, random.timestamp(atMs), ...row]),
    },
  ];
}

export function createReviews(
  random: Random,
  reviewCount: number,
  { customers, products }: Trade,
  endMs: number,
): TableRows {
  const rows = new Map<string, Value[]>();
  while (rows.size < reviewCount) {
    const product = random.pick(products);
    const customer = random.pick(customers);
    const [rating, text] = random.pick(OPINIONS);
    const atMs = customer.createdAtMs + random.next() * (endMs - customer.createdAtMs);
    rows.set(`${product.id} ${customer.id}`, [
      ...[random.uuid(), product.id, customer.id, rating, text],
      random.timestamp(atMs),
    ]);
  }
  const columns = ["id", "product_id", "customer_id", "rating", "text", "created_at"];
  return { table: "reviews", columns, rows: [...rows.values()] };
}

/** Makes the log of what staff did: created (nothing before), changed, and cleared (JSON null after). */
export function createAuditEvents(
  random: Random,
  eventCount: number,
  products: Product[],
  { startMs, endMs }: Period,
): TableRows {
  const rows: Value[][] = [];
  for (let id = 1; id <= eventCount; id++) {
    const product = random.pick(products);
    const price = { price: decimal(product.priceCents) };
    const [action, before, after] = random.pick<[string, Value, Value]>([
      ["product.created", null, price],
      ["product.priced", { price: decimal(product.priceCents + random.int(50, 900)) }, price],
      ["product.note-cleared", { note: "reorder in autumn" }, JSON_NULL],
    ]);
    const atMs = startMs + ((endMs - startMs) * id) / eventCount;
    rows.push([
      id,
      random.pick(["Imke Alder", "Tom Finch", "import"]),
      action,
      `product ${product.id}`,
      before,
      after,
      random.timestamp(atMs),
    ]);
  }
  const columns = ["id", "actor", "action", "subject", "before", "after", "happened_at"];
  return { table: "audit_events", columns, rows };
}
