import pg from "pg";
import type { LoadColumn, PlannedLoad } from "../../plan/load-plan.ts";
import {
  type LoadStatement,
  loadRows,
  type RowBatch,
  readStatement,
  splitBatch,
} from "../../postgres/load-rows.ts";
import { readSample } from "../../postgres/sample-values.ts";
import { MAX_VIOLATING_ROWS, type ViolatingRow, type Violation } from "../../shared/rehearsal.ts";
import { describeViolation, remedyOf } from "./remedies.ts";

/** Of data, constraints of domains, and what functions of generated columns raise. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(22|23|P0)/.test(error.code ?? "");

/** A longer row is not parsed only to tell its key. */
const MAX_PARSED_BYTES = 1024 * 1024;

/** Loads what can be loaded, and keeps what is refused: row by row, and by column. */
export class RefusedValues {
  readonly #client: pg.ClientBase;
  /** By table and column; of a row that no single column is to blame for, by the table alone. */
  readonly #found = new Map<PlannedLoad, Map<string | null, ViolatingRow[]>>();
  readonly #givenUp = new Set<PlannedLoad>();

  readonly #keyOf: (load: PlannedLoad) => readonly string[];

  /** @param keyOf the columns that tell a table's rows */
  constructor(client: pg.ClientBase, keyOf: (load: PlannedLoad) => readonly string[]) {
    this.#client = client;
    this.#keyOf = keyOf;
  }

  /** Whether rows of a load are missing in its table. */
  has(load: PlannedLoad): boolean {
    return this.#found.has(load);
  }

  /** @returns all of the batch's rows: each is inserted, or refused and kept */
  async insert(load: PlannedLoad, statement: LoadStatement, batch: RowBatch): Promise<number> {
    if (this.#givenUp.has(load)) return batch.rows;
    if (!(await this.#refuses(() => loadRows(this.#client, statement, batch)))) return batch.rows;
    if (batch.rows === 1) await this.#keep(load, batch);
    else {
      const middle = Math.floor(batch.rows / 2);
      await this.insert(load, statement, part(batch, 0, middle));
      await this.insert(load, statement, part(batch, middle, batch.rows));
    }
    return batch.rows;
  }

  async #refuses(run: () => Promise<unknown>): Promise<boolean> {
    await this.#client.query("SAVEPOINT batch");
    try {
      await run();
      return false;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.#client.query("ROLLBACK TO SAVEPOINT batch");
      return true;
    } finally {
      await this.#client.query("RELEASE SAVEPOINT batch").catch(() => {});
    }
  }

  async #keep(load: PlannedLoad, { json, firstRow }: RowBatch): Promise<void> {
    let refused: LoadColumn | undefined;
    for (const column of load.columns) {
      if (!(await this.#refuses(() => this.#client.query(readStatement(column), [json])))) continue;
      refused = column;
      break;
    }
    const columns = this.#found.get(load) ?? new Map<string | null, ViolatingRow[]>();
    this.#found.set(load, columns);
    const name = refused?.name ?? null;
    const rows = columns.get(name) ?? [];
    columns.set(name, rows);
    rows.push({
      key: readSample(this.#keyOf(load).map((column) => valueIn(json, column))),
      values: readSample(name === null ? [] : [valueIn(json, name)]),
      row: firstRow,
    });
    if (rows.length >= MAX_VIOLATING_ROWS) this.#givenUp.add(load);
  }

  violations(): Violation[] {
    return [...this.#found].flatMap(([load, columns]) =>
      [...columns].map(([column, rows]) => {
        const { schema, name } = load.archived;
        const violation = {
          kind: "value" as const,
          table: { schema, name },
          constraint: null,
          key: [...this.#keyOf(load)],
          columns: column === null ? [] : [column],
          total: this.#givenUp.has(load) ? null : rows.length,
          rows,
        };
        return {
          ...violation,
          message: describeViolation(violation),
          remedy: remedyOf(violation),
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
