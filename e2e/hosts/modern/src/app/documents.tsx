"use client";

import { useQuery } from "@tanstack/react-query";
import { Button } from "~/components/ui/button";

interface Listed {
  id: string;
  title: string;
  pages: number;
}

export function Documents() {
  const { data, refetch, isFetching } = useQuery({
    queryKey: ["documents"],
    queryFn: async (): Promise<Listed[]> => (await fetch("/internal/api/documents")).json(),
  });
  return (
    <section aria-label="Documents" className="rounded-lg border bg-card p-4 text-card-foreground">
      <Button onClick={() => refetch()} disabled={isFetching}>
        Refresh
      </Button>
      <ul className="mt-4 text-sm">
        {data?.map(({ id, title, pages }) => (
          <li key={id}>
            {title}, {pages} pages
          </li>
        ))}
      </ul>
    </section>
  );
}
