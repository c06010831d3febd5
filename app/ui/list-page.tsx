import { ChevronLeft, ChevronRight, Search } from "lucide-react";
import Form from "next/form";
import Link from "next/link";
import type { ReactNode } from "react";
import { formatNumber } from "./format.ts";
import { type ListQuery, listHref, PAGE_SIZE } from "./list-query.ts";
import { PageFrame } from "./page-frame.tsx";

interface ListPageProps {
  /** The plural of what is listed. Also the page's path, and part of its sentences, in lower case. */
  title: string;
  description: string;
  query: ListQuery;
  /** Number of rows that match the search. */
  total: number;
  placeholder: string;
  columns: Array<{ label: string; className?: string }>;
  children: ReactNode;
}

/** A page with a searchable table that has pages itself. */
export function ListPage(props: ListPageProps) {
  const { title, description, query, total, placeholder, columns, children } = props;
  const noun = title.toLowerCase();
  const path = `/${noun}`;
  const first = (query.page - 1) * PAGE_SIZE + 1;
  const last = Math.min(query.page * PAGE_SIZE, total);
  return (
    <PageFrame title={title} description={description}>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
        <Form action={path} role="search" className="flex max-w-md gap-2">
          <label className="relative grow">
            <span className="sr-only">Search {noun}</span>
            <Search
              aria-hidden
              className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted"
            />
            <input
              key={query.search}
              type="search"
              name="q"
              defaultValue={query.search}
              placeholder={placeholder}
              className="field pl-9"
            />
          </label>
          <button type="submit" className="button">
            Search
          </button>
        </Form>
        {first > total ? (
          <div className="card px-6 py-14 text-center text-sm text-muted">
            {query.search ? `No ${noun} match “${query.search}”.` : `There are no ${noun} here.`}{" "}
            {(query.search || query.page > 1) && (
              <Link
                href={path}
                className="focus-ring rounded font-medium text-brand-strong underline-offset-4 hover:underline"
              >
                Show all
              </Link>
            )}
          </div>
        ) : (
          <>
            <div className="card overflow-x-auto">
              <table className="w-full text-sm [&_td]:px-1.5 [&_td]:py-2.5 md:[&_td]:px-3 [&_td:first-child]:pl-4 [&_td:last-child]:pr-4 [&_th]:px-1.5 [&_th]:py-2.5 md:[&_th]:px-3 [&_th]:text-left [&_th]:text-xs [&_th]:font-medium [&_th]:whitespace-nowrap [&_th]:text-muted [&_th:first-child]:pl-4 [&_th:last-child]:pr-4">
                <thead className="border-b border-line">
                  <tr>
                    {columns.map(({ label, className }) => (
                      <th key={label} scope="col" className={className}>
                        {label}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody className="divide-y divide-line">{children}</tbody>
              </table>
            </div>
            <nav aria-label="Pages" className="flex items-center justify-between gap-4 text-sm">
              <p className="text-muted">
                {formatNumber(first)}–{formatNumber(last)} of {formatNumber(total)}
              </p>
              <div className="flex gap-2">
                <PageLink
                  href={query.page > 1 && listHref(path, { ...query, page: query.page - 1 })}
                  label="Previous page"
                >
                  <ChevronLeft aria-hidden className="size-4" />
                </PageLink>
                <PageLink
                  href={last < total && listHref(path, { ...query, page: query.page + 1 })}
                  label="Next page"
                >
                  <ChevronRight aria-hidden className="size-4" />
                </PageLink>
              </div>
            </nav>
          </>
        )}
      </div>
    </PageFrame>
  );
}

function PageLink(props: { href: string | false; label: string; children: ReactNode }) {
  return props.href ? (
    <Link href={props.href} aria-label={props.label} className="button px-3">
      {props.children}
    </Link>
  ) : (
    <span aria-hidden className="button pointer-events-none px-3 opacity-40">
      {props.children}
    </span>
  );
}
