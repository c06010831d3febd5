import pg from "pg";
import { partOf, type RowBatch } from "../../archive/batch-rows.ts";
import { loadRows, readStatement } from "../../postgres/copy/load-rows.ts";
import { isNotFound } from "../../postgres/errors/not-found.ts";
import { isTextError, meaningOfTextError } from "../../postgres/errors/text-errors.ts";
import { keyColumns, type Load } from "../../postgres/load.ts";
import { readSample } from "../../postgres/sample-values.ts";
import { MAX_VIOLATING_ROWS, type ViolatingRow, type Violation } from "../../shared/rehearsal.ts";
import { nameOf } from "../../shared/table-name.ts";
import { columnAlone, valuesIn } from "../diagnose/row-values.ts";
import type { InsertBatch } from "../insert-batch.ts";
import { type LoadOptions, loadArchive } from "../load-archive.ts";
import { translateLoadError } from "../load-error.ts";
import { describeViolation, remedyOf } from "./remedies.ts";

/** Errors of data, size or a domain's constraint, or raised by a generated column's function. */
const isRefusal = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(22|23|54000|P0)/.test(error.code ?? "");

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

  has(load: Load): boolean {
    return this.#found.has(load);
  }

  /** @returns the number of all rows in the batch: each is inserted, or rejected and recorded */
  readonly insert: InsertBatch = async (load, statement, batch) => {
    if (this.#givenUp.has(load)) return batch.rows;
    const refusal = await this.#try(() => loadRows(this.#client, statement, batch));
    if (!refusal) return batch.rows;
    if (batch.rows === 1) await this.#keep(load, batch, refusal);
    else {
      const middle = Math.floor(batch.rows / 2);
      await this.insert(load, statement, partOf(batch, 0, middle));
      await this.insert(load, statement, partOf(batch, middle, batch.rows));
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
      // Text that is invalid in the encoding fails before any column is read. So try each value alone.
      const read = isTextError(refusal) ? columnAlone(json, column.name) : json;
      if (!read) continue;
      if (!(await this.#try(() => this.#client.query(readStatement([column]), [read])))) continue;
      name = column.name;
      break;
    }
    const text = isTextError(refusal) ? meaningOfTextError(refusal) : null;
    const rows = this.#rowsOf(load, name, text);
    const key = keyColumns(load);
    rows.push({
      key: readSample(valuesIn(json, key) ?? key.map(() => null)),
      values: name === null ? [] : readSample(valuesIn(json, [name]) ?? [null]),
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
        const violation = {
          kind: "value" as const,
          table: nameOf(load.archived),
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

/**
 * Loads the archive's rows into the copies.
 *
 * @param options.keepsRefused continue after a row that a column rejects
 * @returns the rejected values. Null after a rejected row, if keepsRefused is false: the transaction has failed.
 */
export async function loadCopies(
  client: pg.ClientBase,
  loads: readonly Load[],
  options: LoadOptions & { signal: AbortSignal; keepsRefused: boolean },
): Promise<RefusedValues | null> {
  const refused = new RefusedValues(client);
  const insert: InsertBatch = (load, statement, batch) =>
    (options.keepsRefused
      ? refused.insert(load, statement, batch)
      : loadRows(client, statement, batch)
    ).catch((error: unknown) => {
      // If a function refers to a missing name, the error tells the table that calls it.
      throw isNotFound(error) ? translateLoadError(error, { table: nameOf(load.archived) }) : error;
    });
  try {
    await loadArchive(client, loads, insert, options);
    return refused;
  } catch (error) {
    if (isRefusal(error) && !options.keepsRefused) return null;
    throw error;
  }
}
