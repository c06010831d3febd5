import { formatAge, formatMoment } from "../../lib/shared/format.ts";

/** How long ago, and when: `2 hours ago · 30 Nov 2026, 06:24 UTC`. */
export function Moment({ iso }: { iso: string }) {
  return (
    <time dateTime={iso}>
      {formatAge(iso)} · {formatMoment(iso)}
    </time>
  );
}
