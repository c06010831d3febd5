import type pg from "pg";
import { createCatalogue } from "./seed/catalogue.ts";
import { createOrders } from "./seed/orders.ts";
import { createCustomers, createStaff, SET_HEADS } from "./seed/people.ts";
import { Random } from "./seed/random.ts";
import { createAuditEvents, createReviews, createSites, createStock } from "./seed/records.ts";
import { Tables } from "./seed/tables.ts";
import { withClient } from "./with-client.ts";

const PERIOD = { startMs: Date.UTC(2024, 0, 8, 8), endMs: Date.UTC(2026, 5, 30, 18) };

/**
 * Fills the demo's database with the same rows every time, all or nothing.
 * @param scale 1 for 8,000 orders @returns the number of rows, or null if the shop already has data, which then stays
 */
export function seed(url: string, { scale = 1 } = {}): Promise<number | null> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ used: boolean }>(
      `SELECT EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM customers)
           OR EXISTS (SELECT FROM products) OR EXISTS (SELECT FROM orders) AS used`,
    );
    if (rows[0]?.used) return null;
    await client.query("BEGIN");
    const count = await fill(client, scale);
    await client.query("COMMIT");
    await client.query("ANALYZE");
    return count;
  });
}

async function fill(client: pg.Client, scale: number): Promise<number> {
  const tables = new Tables();
  const shop = { random: new Random(20260105), tables, period: PERIOD };
  await createStaff(shop);
  const customers = createCustomers(shop, 3000 * scale);
  const products = createCatalogue(shop, 400);
  createSites(tables);
  const trade = { customers, products };
  const sales = createOrders(shop, 8000 * scale, trade);
  createStock(shop, products, sales);
  createReviews(shop, 3000 * scale, trade);
  createAuditEvents(shop, 4000 * scale, products);
  const count = await tables.insert(client);
  await client.query(SET_HEADS);
  await client.query(
    `UPDATE orders SET current_invoice_id = latest.id
     FROM (SELECT order_id, max(id) AS id FROM invoices GROUP BY order_id) AS latest
     WHERE latest.order_id = orders.id`,
  );
  return count;
}
