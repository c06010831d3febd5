/** The insertion order as drawn, and the foreign keys that it is drawn from, as PostgreSQL reports them. */
import { expect, type Locator, type Page } from "@playwright/test";
import { query } from "./database.ts";
import { PANEL } from "./panel.ts";

export const ORDER = `${PANEL}/order`;

export const graphOf = (page: Page): Locator =>
  page.getByRole("application", { name: "Table order as a graph" });

export const tableIn = (page: Page, table: string): Locator =>
  graphOf(page).locator(`[data-table="${table}"]`);

export const selectionOf = (page: Page): Locator => page.getByRole("region", { name: "Selection" });

/** Waits until the picture is drawn, which is loaded after the rest of the page. */
export const expectDrawn = (page: Page): Promise<void> =>
  expect(tableIn(page, "public.orders").locator("text").first()).toHaveText("Order");

export interface ForeignKey {
  /** `schema.table` */
  child: string;
  parent: string;
  /** `(order_id, position → order_id, position, ON DELETE CASCADE)` */
  text: string;
}

export const readForeignKeys = (): Promise<ForeignKey[]> =>
  query<ForeignKey>(`
    SELECT child.nspname || '.' || c.relname AS child, parent.nspname || '.' || p.relname AS parent,
      format('(%s → %s, ON DELETE %s)', ${columnsOf("con.conrelid", "con.conkey")},
        ${columnsOf("con.confrelid", "con.confkey")},
        CASE con.confdeltype WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL'
          WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END) AS text
    FROM pg_constraint con
      JOIN pg_class c ON c.oid = con.conrelid JOIN pg_namespace child ON child.oid = c.relnamespace
      JOIN pg_class p ON p.oid = con.confrelid JOIN pg_namespace parent ON parent.oid = p.relnamespace
    WHERE con.contype = 'f' AND child.nspname IN ('public', 'warehouse')`);

const columnsOf = (table: string, numbers: string): string => `
  (SELECT string_agg(attname, ', ' ORDER BY place) FROM unnest(${numbers}) WITH ORDINALITY AS k(number, place)
   JOIN pg_attribute ON attrelid = ${table} AND attnum = number)`;

/** Returns all tables that a table refers to, or all that refer to it, directly or indirectly, without itself. */
export function relatives(
  keys: readonly ForeignKey[],
  table: string,
  side: "parent" | "child",
): Set<string> {
  const from = side === "parent" ? "child" : "parent";
  const found = new Set([table]);
  // The loop also visits tables that are added meanwhile.
  for (const reached of found) {
    for (const key of keys) if (key[from] === reached) found.add(key[side]);
  }
  found.delete(table);
  return found;
}
