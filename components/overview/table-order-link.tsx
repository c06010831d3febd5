import Link from "next/link";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Network } from "../ui/icons.ts";

/** The way to the page of the table order. */
export function TableOrderLink() {
  const { paths } = usePanel();
  return (
    <Card
      title="Table order"
      description="The order in which a restore loads the tables, and the foreign keys behind it."
      actions={
        <Button asChild>
          <Link href={paths.order}>
            <Network aria-hidden />
            Show the table order
          </Link>
        </Button>
      }
    />
  );
}
