import type { ReactNode } from "react";
import { cn } from "./cn.ts";

interface LoadingProps {
  /** The text for people who cannot see the skeletons. */
  label: string;
  className?: string;
  children: ReactNode;
}

/** Skeletons of the content that loads. */
export function Loading({ label, className, children }: LoadingProps) {
  return (
    <div role="status" className={cn("pba:grid pba:gap-6", className)}>
      <span className="pba:sr-only">{label}</span>
      {children}
    </div>
  );
}
