/** Larger tables cannot be browsed, because browsing keeps the whole JSON in memory. */
export const BROWSE_MAX_BYTES = 256_000_000;
