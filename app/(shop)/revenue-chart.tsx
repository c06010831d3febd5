import { prisma } from "../prisma.ts";
import { formatWholeEuros } from "../ui/format.ts";

interface Month {
  month: Date;
  revenue: number;
}

const monthName = new Intl.DateTimeFormat("en-GB", {
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});

/** The last twelve months that have orders. */
async function readMonths(): Promise<Month[]> {
  const months = await prisma.$queryRaw<Month[]>`
    SELECT date_trunc('month', placed_at, 'UTC') AS month, sum(total)::float8 AS revenue
    FROM orders WHERE status <> 'cancelled'
    GROUP BY 1 ORDER BY 1 DESC LIMIT 12`;
  return months.reverse();
}

export async function RevenueChart() {
  const months = await readMonths();
  const highest = Math.max(1, ...months.map(({ revenue }) => revenue));
  return (
    <section aria-labelledby="revenue" className="card p-5">
      <h2 id="revenue" className="font-semibold">
        Revenue by month
      </h2>
      <ul className="mt-5 grid gap-1.5 text-sm">
        {months.map(({ month, revenue }) => (
          <li key={month.toISOString()} className="grid grid-cols-[5rem_minmax(0,1fr)_5rem] gap-3">
            <span className="text-muted">{monthName.format(month)}</span>
            <span className="flex items-center">
              <span
                className="h-2.5 rounded-full bg-brand"
                style={{ width: `${(revenue / highest) * 100}%` }}
              />
            </span>
            <span className="text-right">{formatWholeEuros(revenue)}</span>
          </li>
        ))}
        {months.length === 0 && <li className="text-muted">Nothing sold yet.</li>}
      </ul>
    </section>
  );
}
