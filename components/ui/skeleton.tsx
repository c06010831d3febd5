import type { ComponentProps } from "react";
import { cn } from "./cn.ts";

/** Stands where something is about to be. */
export function Skeleton({ className, ...props }: ComponentProps<"div">) {
  return (
    <div
      aria-hidden
      className={cn("animate-pulse rounded-lg bg-pba-sunken motion-reduce:animate-none", className)}
      {...props}
    />
  );
}
