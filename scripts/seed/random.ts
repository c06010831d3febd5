/** The time in which the demo's data came about. */
export interface Period {
  startMs: number;
  endMs: number;
}

/** Random values that are the same in every run: mulberry32 with a fixed seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number. Both ends are included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.int(0, values.length - 1)];
    if (value === undefined) throw new RangeError("Nothing to pick from.");
    return value;
  }

  /** `count` different values, in the order of `values`. All of them if there are fewer. */
  sample<T>(values: readonly T[], count: number): T[] {
    let wanted = Math.min(count, values.length);
    return values.filter((_, index) => {
      const taken = this.next() < wanted / (values.length - index);
      if (taken) wanted--;
      return taken;
    });
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.int(0, 255)));
  }

  uuid(): string {
    const bytes = this.bytes(16);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = bytes.toString("hex");
    return [0, 8, 12, 16, 20].map((at, i, ats) => hex.slice(at, ats[i + 1])).join("-");
  }

  /** With microseconds, which a JavaScript Date cannot hold. */
  timestamp(epochMs: number): string {
    const micros = String(this.int(0, 999)).padStart(3, "0");
    return new Date(epochMs).toISOString().replace("Z", `${micros}Z`);
  }
}

export const DAY_MS = 24 * 60 * 60 * 1000;

/** The date of a moment, for example `2026-05-04`. */
export const isoDate = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 10);

/** `12.34` for 1234. */
export const decimal = (cents: number): string => (cents / 100).toFixed(2);
