import type { ComponentProps, ReactNode } from "react";
import type { Tone } from "./badge.tsx";
import { cn } from "./cn.ts";
import { CircleCheck, CircleX, type Icon, Info, TriangleAlert } from "./icons.ts";

const TONES: Record<Tone, { icon: Icon; box: string; mark: string }> = {
  neutral: { icon: Info, box: "pba:border-line pba:bg-sunken", mark: "pba:text-muted" },
  accent: {
    icon: Info,
    box: "pba:border-accent/25 pba:bg-accent-soft",
    mark: "pba:text-accent-ink",
  },
  good: { icon: CircleCheck, box: "pba:border-good/30 pba:bg-good-soft", mark: "pba:text-good" },
  warn: { icon: TriangleAlert, box: "pba:border-warn/30 pba:bg-warn-soft", mark: "pba:text-warn" },
  bad: { icon: CircleX, box: "pba:border-bad/30 pba:bg-bad-soft", mark: "pba:text-bad" },
};

interface NoticeProps extends Omit<ComponentProps<"div">, "title"> {
  tone?: Tone;
  title?: ReactNode;
  actions?: ReactNode;
}

/** A message with an icon, so that its kind does not depend on colour. */
export function Notice({
  tone = "neutral",
  title,
  actions,
  className,
  children,
  ...props
}: NoticeProps) {
  const { icon: Icon, box, mark } = TONES[tone];
  return (
    <div
      className={cn(
        "pba:flex pba:gap-3 pba:rounded-lg pba:border pba:p-4 pba:text-sm",
        box,
        className,
      )}
      {...props}
    >
      <Icon aria-hidden className={cn("pba:mt-0.5 pba:size-4 pba:shrink-0", mark)} />
      <div className="pba:grid pba:min-w-0 pba:grow pba:gap-1">
        {title && <p className="pba:font-semibold">{title}</p>}
        {children}
        {actions && <div className="pba:mt-2 pba:flex pba:flex-wrap pba:gap-2">{actions}</div>}
      </div>
    </div>
  );
}
