import * as Slot from "@radix-ui/react-slot";
import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";
import { cn } from "./cn.ts";
import { focusRing } from "./focus-ring.ts";

const buttonVariants = cva(
  [
    "inline-flex shrink-0 cursor-pointer items-center justify-center gap-2 rounded-lg text-sm font-medium select-none",
    "transition-colors motion-reduce:transition-none",
    "disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed aria-disabled:opacity-55",
    "[&_svg]:size-4 [&_svg]:shrink-0",
    focusRing,
  ],
  {
    variants: {
      variant: {
        primary:
          "bg-pba-accent text-pba-on-accent enabled:hover:bg-pba-accent-strong [a]:hover:bg-pba-accent-strong",
        secondary:
          "border border-pba-line-strong/60 bg-pba-surface text-pba-ink enabled:hover:bg-pba-sunken [a]:hover:bg-pba-sunken",
        ghost: "text-pba-ink enabled:hover:bg-pba-sunken [a]:hover:bg-pba-sunken",
        danger: "bg-pba-bad text-pba-on-bad enabled:hover:bg-pba-bad-strong",
      },
      size: {
        default: "min-h-10 px-4 py-2",
        small: "min-h-8 px-3 py-1",
        icon: "size-9",
      },
    },
    defaultVariants: { variant: "secondary", size: "default" },
  },
);

interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof buttonVariants> {
  /** Gives the look to the only child, for links. */
  asChild?: boolean;
}

export function Button({ className, variant, size, asChild, type, ...props }: ButtonProps) {
  const classes = cn(buttonVariants({ variant, size }), className);
  if (asChild) return <Slot.Root className={classes} {...props} />;
  return <button type={type ?? "button"} className={classes} {...props} />;
}
