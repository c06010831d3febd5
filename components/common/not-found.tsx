import Link from "next/link";
import type { ReactNode } from "react";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { SearchX } from "../ui/icons.ts";

export function NotFound({ title, children }: { title: string; children?: ReactNode }) {
  const { paths } = usePanel();
  return (
    <div className="pba:mx-auto pba:grid pba:max-w-md pba:justify-items-center pba:gap-4 pba:py-16 pba:text-center">
      <SearchX aria-hidden className="pba:size-10 pba:text-muted pba:stroke-[1.5]" />
      <h1 className="pba:text-xl pba:font-semibold pba:tracking-tight">{title}</h1>
      {children && <p className="pba:text-muted">{children}</p>}
      <Button asChild>
        <Link href={paths.overview}>To the overview</Link>
      </Button>
    </div>
  );
}
