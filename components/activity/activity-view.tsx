import { useQuery } from "@tanstack/react-query";
import { Suspense, useRef } from "react";
import { ACTIVITY_PAGE_LENGTH, type Activity } from "../../lib/shared/api.ts";
import { formatCount, formatNoun } from "../../lib/shared/format.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { OperationList } from "../common/operation-list.tsx";
import { PageHeader } from "../common/page-header.tsx";
import { useHeadingFocus } from "../common/use-heading-focus.ts";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Loading } from "../ui/loading.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { isUnfiltered } from "./activity-filter.ts";
import { ActivityFilters } from "./activity-filters.tsx";
import { Pages } from "./pages.tsx";
import { useFilter } from "./use-filter.ts";

/** The audit trail: all backups and restores. A restore does not change it. */
export function ActivityView() {
  const around = useHeadingFocus("activity");
  return (
    <>
      <div ref={around}>
        <PageHeader
          back
          title="Activity"
          description="All backups and restores, who made them, and how they ended. A restore of the database does not change this list."
        />
      </div>
      {/* A host may prerender this page, when no address is known yet. */}
      <Suspense fallback={<ListSkeleton />}>
        <FilteredActivity />
      </Suspense>
    </>
  );
}

function FilteredActivity() {
  const { queries } = usePanel();
  const { filter, change } = useFilter();
  const { data, error, isPlaceholderData, refetch } = useQuery(queries.activity(filter));
  const heading = useRef<HTMLHeadingElement>(null);
  const { page = 1 } = filter;
  const focusHeading = () => heading.current?.focus({ preventScroll: true });
  return (
    <Card aria-label="Operations">
      <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-5">
        <ActivityFilters filter={filter} onChange={change} />
        {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
        {!data && !error && <ListSkeleton />}
        {data && (
          <>
            <h2
              ref={heading}
              tabIndex={-1}
              aria-live="polite"
              className="pba:text-muted pba:outline-hidden"
            >
              {summaryOf(data, page)}
            </h2>
            {data.operations.length > 0 ? (
              <div aria-busy={isPlaceholderData}>
                <OperationList label="Operations" operations={data.operations} />
              </div>
            ) : (
              <Nothing
                isUnfiltered={isUnfiltered(filter)}
                isBeyond={data.total > 0}
                onClear={() => {
                  change(data.total > 0 ? { ...filter, page: 1 } : {});
                  // The button that was pressed disappears.
                  focusHeading();
                }}
              />
            )}
            <Pages
              page={page}
              last={Math.ceil(data.total / ACTIVITY_PAGE_LENGTH)}
              onChange={(next) => {
                change({ ...filter, page: next });
                // Start reading the new page at its top.
                heading.current?.scrollIntoView({ block: "center" });
                focusHeading();
              }}
            />
          </>
        )}
      </div>
    </Card>
  );
}

function summaryOf({ operations, total }: Activity, page: number): string {
  if (total <= ACTIVITY_PAGE_LENGTH || operations.length === 0) {
    return formatNoun(total, "operation");
  }
  const first = (page - 1) * ACTIVITY_PAGE_LENGTH + 1;
  const last = first + operations.length - 1;
  return `${formatCount(first)} to ${formatCount(last)} of ${formatNoun(total, "operation")}`;
}

function Nothing(props: { isUnfiltered: boolean; isBeyond: boolean; onClear: () => void }) {
  const text = props.isBeyond
    ? "The list is not that long."
    : props.isUnfiltered
      ? "Nothing yet. You will see backups and restores here, who made them, and how they ended."
      : "No operation matches.";
  return (
    <div className="pba:grid pba:justify-items-center pba:gap-3 pba:py-8 pba:text-center">
      <p className="pba:text-muted">{text}</p>
      {(props.isBeyond || !props.isUnfiltered) && (
        <Button size="small" onClick={props.onClear}>
          {props.isBeyond ? "To the first page" : "Show all operations"}
        </Button>
      )}
    </div>
  );
}

function ListSkeleton() {
  return (
    <Loading label="Reading the activity" className="pba:gap-3">
      {[1, 2, 3, 4, 5].map((row) => (
        <Skeleton key={row} className="pba:h-12" />
      ))}
    </Loading>
  );
}
