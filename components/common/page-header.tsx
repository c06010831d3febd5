import { ArrowLeft } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { usePanel } from "../panel-context.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";

interface PageHeaderProps {
  title: string;
  badge?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  /** The way back to the overview. */
  back?: boolean;
}

export function PageHeader({ title, badge, description, actions, back }: PageHeaderProps) {
  const { paths } = usePanel();
  return (
    <header className="grid gap-3">
      {back && (
        <Link
          href={paths.overview}
          className={cn(
            "inline-flex w-fit items-center gap-1.5 rounded-md text-sm text-pba-muted hover:text-pba-ink",
            focusRing,
          )}
        >
          <ArrowLeft aria-hidden className="size-4" />
          Database backup
        </Link>
      )}
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
        <div className="min-w-0 grow basis-80">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1 className="text-2xl font-semibold tracking-tight text-balance">{title}</h1>
            {badge}
          </div>
          {description && <div className="mt-1.5 text-pba-muted">{description}</div>}
        </div>
        {actions && <div className="flex flex-wrap gap-3">{actions}</div>}
      </div>
    </header>
  );
}
