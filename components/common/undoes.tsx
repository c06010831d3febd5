import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { formatMoment } from "../../lib/shared/format.ts";
import { usePanel } from "../panel-context.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";

/** A link such as `the restore of 1 Jan 2026, 10:00`. @param id of the restore that is undone */
export function Undoes({ id }: { id: string }) {
  const { queries, paths } = usePanel();
  const { data } = useQuery(queries.operation(id));
  return (
    <Link
      href={paths.operation(id)}
      className={cn("pba:rounded pba:text-accent-ink pba:underline", focusRing)}
    >
      the {data?.undoes ? "undo" : "restore"}
      {data && (
        <>
          {" "}
          of <time dateTime={data.createdAt}>{formatMoment(data.createdAt)}</time>
        </>
      )}
    </Link>
  );
}
