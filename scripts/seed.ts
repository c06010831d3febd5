import pg from "pg";
import { createCatalogue } from "./seed/catalogue.ts";
import { copyRows } from "./seed/copy-rows.ts";
import { createOrders } from "./seed/orders.ts";
import { createPeople } from "./seed/people.ts";
import { type Period, Random } from "./seed/random.ts";
import { createAuditEvents, createReviews, createStock } from "./seed/records.ts";

const PERIOD: Period = {
  startMs: Date.UTC(2024, 0, 8, 8),
  endMs: Date.UTC(2026, 5, 30, 18),
};

/**
 * Fills the demo's database with the same rows every time, all or nothing.
 * @param scale 1 for 8,000 orders @returns the number of rows, or null if the shop already has data, which then stays
 */
export async function seed(url: string, { scale = 1 } = {}): Promise<number | null> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
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
  } finally {
    await client.end();
  }
}

async function fill(client: pg.Client, scale: number): Promise<number> {
  const random = new Random(20260105);
  const people = await createPeople(random, 3000 * scale, PERIOD);
  const catalogue = createCatalogue(random, 400, PERIOD.startMs);
  const { products } = catalogue;
  const trade = { customers: people.customers, products };
  const orders = createOrders(random, 8000 * scale, trade, PERIOD);
  const [sites, ...stock] = createStock(random, products, orders.sales, PERIOD.startMs);
  const tables = [
    ...people.tables,
    ...catalogue.tables,
    // Shipments refer to sites.
    ...(sites ? [sites] : []),
    ...orders.tables,
    ...stock,
    createReviews(random, 3000 * scale, trade, PERIOD.endMs),
    createAuditEvents(random, 4000 * scale, products, PERIOD),
  ];

  let count = 0;
  for (const table of tables) {
    await copyRows(client, table);
    count += table.rows.length;
  }
  for (const { departmentId, employeeId } of people.departmentHeads) {
    await client.query("UPDATE departments SET head_id = $2 WHERE id = $1", [
      departmentId,
      employeeId,
    ]);
  }
  await client.query(
    `UPDATE orders SET current_invoice_id = latest.id
     FROM (SELECT order_id, max(id) AS id FROM invoices GROUP BY order_id) AS latest
     WHERE latest.order_id = orders.id`,
  );
  for (const { table, columns } of tables) {
    if (columns[0] !== "id") continue;
    // If the key is a uuid, there is no sequence, and this does nothing.
    await client.query(
      `SELECT setval(sequence, (SELECT max(id::text::bigint) FROM ${table}))
       FROM pg_get_serial_sequence($1, 'id') AS sequence WHERE sequence IS NOT NULL`,
      [table],
    );
  }
  return count;
}
