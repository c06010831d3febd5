import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ListedOperation } from "../../lib/shared/api.ts";
import {
  formatAge,
  formatBytes,
  formatMoment,
  formatNoun,
  formatTables,
  isPartial,
} from "../../lib/shared/format.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { usePanel } from "../panel-context.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { Loading } from "../ui/loading.tsx";
import { Notice } from "../ui/notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

const WEEK_MS = 7 * 86_400_000;

/** Says at once whether there is a backup, how old it is, and whether tables are missing from it. */
export function LastBackup() {
  const { queries } = usePanel();
  const { data, error, refetch } = useQuery(
    queries.activity({ kind: "backup", state: "succeeded" }),
  );
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!data) {
    return (
      <Loading label="Reading the last backup">
        <Skeleton className="pba:h-24" />
      </Loading>
    );
  }
  const [last] = data.operations;
  if (!last) {
    return (
      <Notice tone="warn" title="No backup yet">
        <p>Nobody has downloaded one from this page. Backups made in a terminal are not listed.</p>
      </Notice>
    );
  }
  const isPart = isPartial(last.tables, last.tablesInDatabase);
  const whole = data.operations.find((it) => !isPartial(it.tables, it.tablesInDatabase));
  const isOld = Date.now() - Date.parse(last.createdAt) > WEEK_MS;
  return (
    <Notice
      tone={isPart || isOld ? "warn" : "good"}
      title={`Last backup: ${formatAge(last.createdAt)}${isPart ? `, only ${formatTables(last.tables ?? 0, last.tablesInDatabase)}` : ""}`}
    >
      <BackupFacts backup={last} />
      {isPart &&
        (whole ? (
          <>
            <p className="pba:mt-2 pba:font-semibold">
              Last backup of all tables: {formatAge(whole.createdAt)}
            </p>
            <BackupFacts backup={whole} />
          </>
        ) : (
          <p className="pba:font-semibold">There is no recent backup of all tables.</p>
        ))}
    </Notice>
  );
}

function BackupFacts({ backup }: { backup: ListedOperation }) {
  const { id, actor, archiveBytes, createdAt, fileName, tables, tablesInDatabase } = backup;
  const { paths } = usePanel();
  const isWhole = tables !== null && tables === tablesInDatabase;
  return (
    <>
      <p>
        Downloaded by {actor.name}, <time dateTime={createdAt}>{formatMoment(createdAt)}</time>
        {archiveBytes !== null && `, ${formatBytes(archiveBytes)}`}
        {isWhole && `, ${tables > 1 ? "all " : ""}${formatNoun(tables, "table")}`}.
      </p>
      <Link
        href={paths.operation(id)}
        prefetch={false}
        className={cn(
          "pba:w-fit pba:rounded pba:font-mono pba:text-xs pba:break-all pba:underline",
          focusRing,
        )}
      >
        Details of {fileName}
      </Link>
    </>
  );
}
