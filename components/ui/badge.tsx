import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";
import { cn } from "./cn.ts";

const badgeVariants = cva(
  "pba:inline-flex pba:items-center pba:gap-1.5 pba:rounded-full pba:px-2.5 pba:py-0.5 pba:text-xs pba:font-medium pba:whitespace-nowrap pba:[&_svg]:size-3.5 pba:[&_svg]:shrink-0",
  {
    variants: {
      tone: {
        neutral: "pba:bg-sunken pba:text-muted",
        accent: "pba:bg-accent-soft pba:text-accent-ink",
        good: "pba:bg-good-soft pba:text-good",
        warn: "pba:bg-warn-soft pba:text-warn",
        bad: "pba:bg-bad-soft pba:text-bad",
      },
    },
    defaultVariants: { tone: "neutral" },
  },
);

export type Tone = NonNullable<VariantProps<typeof badgeVariants>["tone"]>;

export function Badge({
  tone,
  className,
  ...props
}: ComponentProps<"span"> & VariantProps<typeof badgeVariants>) {
  return <span className={cn(badgeVariants({ tone }), className)} {...props} />;
}
