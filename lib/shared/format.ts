/** The number and date formats of the panel and the terminal. */

const counts = new Intl.NumberFormat("en");
const dateTimes = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

export const formatCount = (count: number): string => counts.format(count);

/** Returns `1 table` or `2 tables`, for nouns whose plural adds an s. */
export const formatNoun = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Joins as many texts as fit into a sentence, and says how many more there are. */
export function formatSome(texts: readonly string[], separator = ", ", most = NAMED): string {
  const more = texts.length - most;
  const named = texts.slice(0, most).join(separator);
  return more > 0 ? `${named} and ${formatCount(more)} more` : named;
}

const NAMED = 20;

/** Decimal units with three significant digits: `0 B`, `999 B`, `1.50 kB`, `466 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 would be rounded to 1000, which belongs to the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

export const formatRate = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`;

/** Returns `0.4 s`, `12 s`, `3 min 5 s` or `1 h 12 min`. */
export function formatDuration(elapsedMs: number): string {
  const seconds = Math.max(0, elapsedMs) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${formatCount(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** Rounds coarsely, because it is an estimate: `a few seconds`, `about 40 seconds`, `about 3 minutes`. */
export function formatRemaining(remainingMs: number): string {
  const seconds = remainingMs / 1000;
  if (seconds < 10) return "a few seconds";
  if (seconds < 55) return `about ${Math.ceil(seconds / 10) * 10} seconds`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `about ${formatNoun(Math.max(1, minutes), "minute")}`;
  return `about ${formatNoun(Math.round(minutes / 60), "hour")}`;
}

/** Whole percent, rounded down, so that 100 % appears only when everything is done. */
export const formatPercent = (fraction: number): string =>
  `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100)} %`;

/** In the local time zone. */
export const formatDateTime = (iso: string): string => dateTimes.format(new Date(iso));
