import Link from "next/link";
import type { ReactNode } from "react";
import { usePanel } from "../panel-context.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { ArrowLeft } from "../ui/icons.ts";
import { useTitlePrefix } from "./use-title-prefix.ts";

interface PageHeaderProps {
  title: string;
  badge?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  /** The link back: `true` for one to the overview, or another address. */
  back?: boolean | { href: string; label: string };
}

export function PageHeader({ title, badge, description, actions, back }: PageHeaderProps) {
  const { paths } = usePanel();
  useTitlePrefix(title, "page");
  const origin = back === true ? { href: paths.overview, label: "Database backup" } : back;
  return (
    <header className="pba:grid pba:gap-3">
      {origin && (
        <Link
          href={origin.href}
          className={cn(
            "pba:inline-flex pba:w-fit pba:items-center pba:gap-1.5 pba:rounded-md pba:text-sm pba:text-muted pba:hover:text-ink pba:print:hidden",
            focusRing,
          )}
        >
          <ArrowLeft aria-hidden className="pba:size-4" />
          {origin.label}
        </Link>
      )}
      <div className="pba:flex pba:flex-wrap pba:items-start pba:justify-between pba:gap-x-6 pba:gap-y-4">
        <div className="pba:min-w-0 pba:grow pba:basis-80">
          <div className="pba:flex pba:flex-wrap pba:items-center pba:gap-x-3 pba:gap-y-1">
            <h1 className="pba:text-2xl pba:font-semibold pba:tracking-tight pba:text-balance">
              {title}
            </h1>
            {badge}
          </div>
          {description && <div className="pba:mt-1.5 pba:text-muted">{description}</div>}
        </div>
        {actions && (
          <div className="pba:flex pba:flex-wrap pba:gap-3 pba:print:hidden">{actions}</div>
        )}
      </div>
    </header>
  );
}
