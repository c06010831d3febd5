/** The number and date formats of the panel and the terminal. The words around them are English. */

interface Reader {
  /** A BCP 47 language tag. If it is not one, English is used. */
  locale: string;
  /** Stands between a number and its unit, and wherever the locale groups digits with a space. */
  space: string;
  timeZone?: string;
}

// Only browsers and their workers have `self`. A server writes for readers that it does not know.
let formats =
  typeof self === "undefined"
    ? createFormats({ locale: "en", space: " " })
    : createFormats({ locale: navigator.language, space: "\u00a0" });

/** Sets the formats of this process. */
export function formatFor(reader: Reader): void {
  formats = createFormats(reader);
}

function createFormats({ locale: wanted, space, timeZone }: Reader) {
  const locale = isLanguageTag(wanted) ? wanted : "en";
  const digits = [0, 1, 2].map(
    (fraction) =>
      new Intl.NumberFormat(locale, {
        minimumFractionDigits: fraction,
        maximumFractionDigits: fraction,
        useGrouping: false,
      }),
  );
  const counts = new Intl.NumberFormat(locale);
  const percents = new Intl.NumberFormat(locale, { style: "percent" });
  const moments = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "numeric",
    minute: "2-digit",
    timeZoneName: "short",
    timeZone,
  });
  const spaced = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, space);
  return {
    count: (count: number) => spaced(counts.format(count)),
    percent: (fraction: number) => spaced(percents.format(fraction)),
    moment: (date: Date) => spaced(moments.format(date)),
    measure: (value: number, unit: string, fraction = 0) =>
      `${digits[fraction]?.format(value)}${space}${unit}`,
  };
}

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

export const formatCount = (count: number): string => formats.count(count);

const plurals = new Intl.PluralRules("en");

/** Returns `1 table` or `2 tables`. @param plural if it is not the noun and an s */
export const formatNoun = (count: number, noun: string, plural = `${noun}s`): string =>
  `${formatCount(count)} ${plurals.select(count) === "one" ? noun : plural}`;

/** Returns `25 tables`, or `1 of 25 tables` if there were more to choose from. */
export const formatTables = (tables: number, inDatabase?: number | null): string =>
  inDatabase && tables < inDatabase
    ? `${formatCount(tables)} of ${formatNoun(inDatabase, "table")}`
    : formatNoun(tables, "table");

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Joins as many texts as fit into a sentence, and says how many more there are. */
export function formatSome(texts: readonly string[], separator = ", "): string {
  const more = texts.length - NAMED;
  const named = texts.slice(0, NAMED).join(separator);
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
  const fraction = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return formats.measure(value, UNITS[unit] ?? "", fraction);
}

export const formatRate = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`;

/** Returns `0.4 s`, `12 s`, `3 min 5 s` or `1 h 12 min`. */
export function formatDuration(elapsedMs: number): string {
  const { measure } = formats;
  const seconds = Math.max(0, elapsedMs) / 1000;
  if (seconds < 9.95) return measure(seconds, "s", 1);
  const whole = Math.round(seconds);
  if (whole < 60) return measure(whole, "s");
  if (whole < 3600) return `${measure(Math.floor(whole / 60), "min")} ${measure(whole % 60, "s")}`;
  const minutes = Math.round(whole / 60);
  return `${measure(Math.floor(minutes / 60), "h")} ${measure(minutes % 60, "min")}`;
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

/** Whole percent, rounded down, so that 100% appears only when everything is done. 0.29 * 100 is a little below 29. */
export const formatPercent = (fraction: number): string =>
  formats.percent(Math.floor(Math.min(1, Math.max(0, fraction)) * 100 + 1e-9) / 100);

/** Returns a date, a time and its zone, such as `30 Nov 2026, 06:24 UTC`, in the local time zone. */
export const formatMoment = (iso: string): string => formats.moment(new Date(iso));

const ages = new Intl.RelativeTimeFormat("en");

/** In milliseconds, the longest first. */
const AGE_UNITS = [
  ["year", 365 * 86_400_000],
  ["month", 30 * 86_400_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** Returns `just now`, `23 minutes ago`, or `in 30 days` for a time to come. Rounds down. */
export function formatAge(iso: string, now = Date.now()): string {
  const elapsedMs = Date.parse(iso) - now;
  for (const [unit, unitMs] of AGE_UNITS) {
    const units = Math.trunc(elapsedMs / unitMs);
    if (units !== 0) return ages.format(units, unit);
  }
  return "just now";
}
