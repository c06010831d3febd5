import { CircleCheck, CircleX, Info, TriangleAlert } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn.ts";

const TONES = {
  neutral: { icon: Info, box: "border-pba-line bg-pba-sunken", mark: "text-pba-muted" },
  accent: { icon: Info, box: "border-pba-accent/25 bg-pba-accent-soft", mark: "text-pba-accent" },
  good: { icon: CircleCheck, box: "border-pba-good/30 bg-pba-good-soft", mark: "text-pba-good" },
  warn: { icon: TriangleAlert, box: "border-pba-warn/30 bg-pba-warn-soft", mark: "text-pba-warn" },
  bad: { icon: CircleX, box: "border-pba-bad/30 bg-pba-bad-soft", mark: "text-pba-bad" },
};

interface NoticeProps extends Omit<ComponentProps<"div">, "title"> {
  tone?: keyof typeof TONES;
  title?: ReactNode;
  actions?: ReactNode;
}

/** Something to know, with an icon beside its colour. */
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
    <div className={cn("flex gap-3 rounded-lg border p-4 text-sm", box, className)} {...props}>
      <Icon aria-hidden className={cn("mt-0.5 size-4 shrink-0", mark)} />
      <div className="grid min-w-0 grow gap-1">
        {title && <p className="font-semibold">{title}</p>}
        {children}
        {actions && <div className="mt-2 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  );
}
