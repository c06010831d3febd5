export interface ListQuery {
  search: string;
  /** Starts at 1. */
  page: number;
}

export type SearchParams = Promise<Record<string, string | string[] | undefined>>;

export const PAGE_SIZE = 25;
const MAX_PAGE = 1_000_000;

export async function readListQuery(searchParams: SearchParams): Promise<ListQuery> {
  const { q, page } = await searchParams;
  const number = typeof page === "string" ? Number.parseInt(page, 10) : 1;
  return {
    search: typeof q === "string" ? q.trim().slice(0, 100) : "",
    page: Number.isFinite(number) ? Math.min(Math.max(number, 1), MAX_PAGE) : 1,
  };
}

/** Prisma's arguments for one page of a list. */
export const pageOf = ({ page }: ListQuery) => ({ skip: (page - 1) * PAGE_SIZE, take: PAGE_SIZE });

export function listHref(path: string, { search, page }: ListQuery): string {
  const params = new URLSearchParams();
  if (search) params.set("q", search);
  if (page > 1) params.set("page", String(page));
  return params.size > 0 ? `${path}?${params}` : path;
}
