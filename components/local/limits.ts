/** Above it a table's rows are not shown: all of its JSON is held in memory while they are. */
export const BROWSE_MAX_BYTES = 256_000_000;
