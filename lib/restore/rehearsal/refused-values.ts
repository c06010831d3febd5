import pg from "pg";
import {
  loadRows,
  type RowBatch,
  readStatement,
  splitBatch,
} from "../../postgres/copy/load-rows.ts";
import { isTextError, meaningOfTextError } from "../../postgres/errors/text-errors.ts";
import { keyColumns, type Load } from "../../postgres/load.ts";
import { readSample } from "../../postgres/sample-values.ts";
import { MAX_VIOLATING_ROWS, type ViolatingRow, type Violation } from "../../shared/rehearsal.ts";
import { columnAlone } from "../diagnose/column-alone.ts";
import type { InsertBatch } from "../load-table.ts";
import { describeViolation, remedyOf } from "./remedies.ts";

/** Errors of data, size or a domain's constraint, or raised by a generated column's function. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(22|23|54000|P0)/.test(error.code ?? "");

/** In bytes. A larger row is not parsed only to name its key. */
const MAX_PARSED_BYTES = 1024 * 1024;

/** Rows that a column rejects. */
interface Refused {
  /** Null if no single column is the cause. */
  column: string | null;
  /** Set if the text does not fit the encoding. */
  text: ReturnType<typeof meaningOfTextError> | null;
  rows: ViolatingRow[];
}

/** Loads all rows that can be loaded, and records the others by row and column. */
export class RefusedValues {
  readonly #client: pg.ClientBase;
  readonly #found = new Map<Load, Refused[]>();
  readonly #givenUp = new Set<Load>();

  constructor(client: pg.ClientBase) {
    this.#client = client;
  }

  /** Whether the load's target lacks some of its rows. */
  has(load: Load): boolean {
    return this.#found.has(load);
  }

  /** @returns the number of all rows in the batch: each is inserted, or rejected and recorded */
  readonly insert: InsertBatch<Load> = async (load, statement, batch) => {
    if (this.#givenUp.has(load)) return batch.rows;
    const refusal = await this.#try(() => loadRows(this.#client, statement, batch));
    if (!refusal) return batch.rows;
    if (batch.rows === 1) await this.#keep(load, batch, refusal);
    else {
      const middle = Math.floor(batch.rows / 2);
      await this.insert(load, statement, part(batch, 0, middle));
      await this.insert(load, statement, part(batch, middle, batch.rows));
    }
    return batch.rows;
  };

  /** @returns why it was rejected. Null if it was not. */
  async #try(run: () => Promise<unknown>): Promise<unknown> {
    await this.#client.query("SAVEPOINT batch");
    try {
      await run();
      return null;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.#client.query("ROLLBACK TO SAVEPOINT batch");
      return error;
    } finally {
      await this.#client.query("RELEASE SAVEPOINT batch").catch(() => {});
    }
  }

  async #keep(load: Load, { json, firstRow }: RowBatch, refusal: unknown): Promise<void> {
    let name: string | null = null;
    for (const column of load.columns) {
      // Text that is invalid in the encoding fails before any column is read, regardless of its column. So try each
      // value alone.
      const read = isTextError(refusal) ? columnAlone(json, column.name) : json;
      if (!read) continue;
      if (!(await this.#try(() => this.#client.query(readStatement([column]), [read])))) continue;
      name = column.name;
      break;
    }
    const text = isTextError(refusal) ? meaningOfTextError(refusal) : null;
    const rows = this.#rowsOf(load, name, text);
    rows.push({
      key: readSample(keyColumns(load).map((column) => valueIn(json, column))),
      values: readSample(name === null ? [] : [valueIn(json, name)]),
      row: firstRow,
    });
    if (rows.length >= MAX_VIOLATING_ROWS) this.#givenUp.add(load);
  }

  #rowsOf(load: Load, column: string | null, text: Refused["text"]): ViolatingRow[] {
    const all = this.#found.get(load) ?? [];
    this.#found.set(load, all);
    const known = all.find((it) => it.column === column && it.text?.has === text?.has);
    if (known) return known.rows;
    const rows: ViolatingRow[] = [];
    all.push({ column, text, rows });
    return rows;
  }

  violations(): Violation[] {
    return [...this.#found].flatMap(([load, refused]) =>
      refused.map(({ column, text, rows }) => {
        const { schema, name } = load.archived;
        const violation = {
          kind: "value" as const,
          table: { schema, name },
          constraint: null,
          key: keyColumns(load),
          columns: column === null ? [] : [column],
          total: this.#givenUp.has(load) ? null : rows.length,
          rows,
        };
        return {
          ...violation,
          message: describeViolation(
            violation,
            text ? `hold a text that has ${text.has}` : undefined,
          ),
          remedy: text?.hint ?? remedyOf(violation),
        };
      }),
    );
  }
}

const part = (batch: RowBatch, start: number, end: number): RowBatch => ({
  json: splitBatch(batch, start, end),
  rows: end - start,
  firstRow: batch.firstRow + start,
});

function valueIn(json: Buffer, column: string): string | null {
  if (json.length > MAX_PARSED_BYTES) return null;
  const rows: unknown = JSON.parse(json.toString());
  const row: unknown = Array.isArray(rows) ? rows[0] : null;
  if (typeof row !== "object" || row === null) return null;
  const value = Object.getOwnPropertyDescriptor(row, column)?.value;
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}
