import { formatCount } from "../../lib/shared/format.ts";
import { Button } from "../ui/button.tsx";
import { ChevronLeft, ChevronRight } from "../ui/icons.ts";

interface PagesProps {
  /** Starts at 1. */
  page: number;
  last: number;
  onChange: (page: number) => void;
}

export function Pages({ page, last, onChange }: PagesProps) {
  if (last <= 1) return null;
  return (
    <nav
      aria-label="Pages"
      className="pba:flex pba:flex-wrap pba:items-center pba:justify-between pba:gap-3 pba:border-t pba:border-line pba:pt-4"
    >
      <Button size="small" disabled={page <= 1} onClick={() => onChange(Math.min(page - 1, last))}>
        <ChevronLeft aria-hidden />
        Newer
      </Button>
      <span className="pba:text-muted">
        Page {formatCount(page)} of {formatCount(last)}
      </span>
      <Button size="small" disabled={page >= last} onClick={() => onChange(page + 1)}>
        Older
        <ChevronRight aria-hidden />
      </Button>
    </nav>
  );
}
