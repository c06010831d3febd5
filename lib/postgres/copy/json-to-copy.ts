import type { CatalogColumn } from "../../schema/catalog.ts";
import { Assembly, VECTOR_BYTES } from "./assembly.ts";

/**
 * Converts a batch's JSON to COPY's text format. PostgreSQL loads it in half the time that JSON needs. Only converts
 * JSON that is, byte for byte, as this library's backups contain it.
 */
export class JsonToCopy {
  readonly #columns: readonly CatalogColumn[];
  #assembly: Assembly | undefined;

  /** @param columns all columns of each row, in their order */
  constructor(columns: readonly CatalogColumn[]) {
    this.#columns = columns;
  }

  /** @returns null if any byte is different; then PostgreSQL must read the JSON */
  convert(json: Buffer): Buffer | null {
    if (this.#columns.length === 0) return null;
    this.#assembly ??= new Assembly(
      this.#columns.map(({ name, encoding }, index) => ({
        key: `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`,
        // The text of a JSON value, or the content of a string, a number or a boolean.
        kind: encoding === "jsonb" ? "json" : "string",
      })),
    );
    const { columnsAt, freeAt, exports } = this.#assembly;
    const targetAt = freeAt + json.length + VECTOR_BYTES;
    // In the worst case every byte is a backslash, and each becomes two.
    this.#assembly.reserve(targetAt + 2 * json.length + VECTOR_BYTES);
    json.copy(this.#assembly.bytes, freeAt);
    // Data left over from an earlier batch must not end a value of this one.
    this.#assembly.bytes.fill(0, freeAt + json.length, targetAt);
    const count = this.#columns.length;
    const length = exports.convertJson(columnsAt, count, freeAt, json.length, targetAt);
    const copied = length < 0 ? null : this.#assembly.copy(targetAt, length);
    if (this.#assembly.isLarge) this.close();
    return copied;
  }

  close(): void {
    this.#assembly?.close();
    this.#assembly = undefined;
  }
}
