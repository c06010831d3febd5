import * as Slot from "@radix-ui/react-slot";
import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";
import { cn } from "./cn.ts";
import { focusRing } from "./focus-ring.ts";

const buttonVariants = cva(
  [
    "pba:inline-flex pba:shrink-0 pba:cursor-pointer pba:items-center pba:justify-center pba:gap-2 pba:rounded-lg pba:text-sm pba:font-medium pba:select-none",
    "pba:transition-colors pba:motion-reduce:transition-none",
    "pba:disabled:cursor-not-allowed pba:disabled:opacity-55 pba:aria-disabled:cursor-not-allowed pba:aria-disabled:opacity-55",
    "pba:[&_svg]:size-4 pba:[&_svg]:shrink-0",
    // Forced colours remove the background, so a border shows the button.
    "pba:forced-colors:border",
    focusRing,
  ],
  {
    variants: {
      variant: {
        primary:
          "pba:bg-accent pba:text-on-accent pba:enabled:hover:bg-accent-strong pba:[a]:hover:bg-accent-strong",
        secondary:
          "pba:border pba:border-line-strong/60 pba:bg-surface pba:text-ink pba:enabled:hover:bg-sunken pba:[a]:hover:bg-sunken",
        ghost: "pba:text-ink pba:enabled:hover:bg-sunken pba:[a]:hover:bg-sunken",
        danger: "pba:bg-bad pba:text-on-bad pba:enabled:hover:bg-bad-strong",
      },
      size: {
        default: "pba:min-h-10 pba:px-4 pba:py-2",
        small: "pba:min-h-8 pba:px-3 pba:py-1",
        icon: "pba:size-9",
      },
    },
    defaultVariants: { variant: "secondary", size: "default" },
  },
);

interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof buttonVariants> {
  /** Applies the styles to the only child, for links. */
  asChild?: boolean;
}

export function Button({ className, variant, size, asChild, type, ...props }: ButtonProps) {
  const classes = cn(buttonVariants({ variant, size }), className);
  if (asChild) return <Slot.Root className={classes} {...props} />;
  return <button type={type ?? "button"} className={classes} {...props} />;
}
