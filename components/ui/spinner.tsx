import { cn } from "./cn.ts";
import { LoaderCircle } from "./icons.ts";

export function Spinner({ className }: { className?: string }) {
  return (
    <LoaderCircle
      aria-hidden
      className={cn("pba:size-4 pba:animate-spin pba:motion-reduce:animate-none", className)}
    />
  );
}
