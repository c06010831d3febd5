import type { ComponentProps } from "react";
import { cn } from "./cn.ts";

/** A placeholder for content that loads. */
export function Skeleton({ className, ...props }: ComponentProps<"div">) {
  return (
    <div
      aria-hidden
      className={cn(
        "pba:animate-pulse pba:rounded-lg pba:bg-sunken pba:motion-reduce:animate-none",
        className,
      )}
      {...props}
    />
  );
}
