import Link from "next/link";
import type { ReactNode } from "react";
import type { ListedOperation } from "../../lib/shared/api.ts";
import { usePanel } from "../panel-context.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { ChevronRight, type Icon } from "../ui/icons.ts";

interface OperationLinkProps {
  operation: ListedOperation;
  icon: Icon;
  iconClassName: string;
  className: string;
  children: ReactNode;
}

/** A whole line that links to an operation. */
export function OperationLink(props: OperationLinkProps) {
  const { operation, icon: Icon, iconClassName, className, children } = props;
  const { paths } = usePanel();
  return (
    <Link
      href={paths.operation(operation.id)}
      // With prefetching, a list of links would request all their pages at once.
      prefetch={false}
      className={cn("pba:flex pba:items-center pba:gap-3 pba:rounded-lg", className, focusRing)}
    >
      <Icon aria-hidden className={cn("pba:size-4 pba:shrink-0", iconClassName)} />
      {children}
      <ChevronRight aria-hidden className={cn("pba:size-4 pba:shrink-0", iconClassName)} />
    </Link>
  );
}
