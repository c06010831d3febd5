import { SearchX } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";

export function NotFound({ title, children }: { title: string; children?: ReactNode }) {
  const { paths } = usePanel();
  return (
    <div className="mx-auto grid max-w-md justify-items-center gap-4 py-16 text-center">
      <SearchX aria-hidden className="size-10 text-pba-muted" strokeWidth={1.5} />
      <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
      {children && <p className="text-pba-muted">{children}</p>}
      <Button asChild>
        <Link href={paths.overview}>To the overview</Link>
      </Button>
    </div>
  );
}
