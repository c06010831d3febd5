const euros = new Intl.NumberFormat("en-GB", { style: "currency", currency: "EUR" });
const wholeEuros = new Intl.NumberFormat("en-GB", {
  style: "currency",
  currency: "EUR",
  maximumFractionDigits: 0,
});
const wholeNumber = new Intl.NumberFormat("en-GB");
const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const dateTime = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});

/** Prisma's Decimal is exact. The displayed amount need not be. */
type Amount = { toString(): string } | null;

export const formatEuros = (amount: Amount): string => euros.format(Number(amount ?? 0));
export const formatWholeEuros = (amount: Amount): string => wholeEuros.format(Number(amount ?? 0));
export const formatNumber = (value: number): string => wholeNumber.format(value);
export const formatDate = (value: Date): string => date.format(value);
export const formatDateTime = (value: Date): string => dateTime.format(value);
