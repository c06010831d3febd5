/**
 * Looks, value by value, for the trace of the original's `offset`: it read pages of `limit` rows and skipped one
 * row after each, so that in a column that counts up by one, one number is missing after every `limit` rows.
 */
export class GapFinder {
  #previous: number | null = null;
  #run = 0;
  #limit: number | null = null;
  #gaps = 0;
  #isOff = false;

  add(value: unknown): void {
    if (this.#isOff) return;
    const number = toInteger(value);
    if (number === null) {
      this.#isOff = true;
      return;
    }
    const step = this.#previous === null ? 1 : number - this.#previous;
    this.#previous = number;
    if (step === 1) {
      this.#run++;
      if (this.#limit !== null && this.#run > this.#limit) this.#isOff = true;
    } else if (step === 2 && (this.#limit === null || this.#run === this.#limit)) {
      this.#limit = this.#run;
      this.#gaps++;
      this.#run = 1;
    } else {
      this.#isOff = true;
    }
  }

  /** After how many rows each time one is missing; null where it is not so. One gap alone may be a deleted row. */
  get limit(): number | null {
    const isTrace = this.#gaps > 1 || (this.#gaps === 1 && (this.#limit ?? 1) % 10 === 0);
    return !this.#isOff && isTrace ? this.#limit : null;
  }
}

function toInteger(value: unknown): number | null {
  // With BigInt.prototype.toJSON patched, bigints are strings.
  const number = typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : null;
}
