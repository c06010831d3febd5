import type { OverviewTable } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";

type Rows = Pick<OverviewTable, "rows" | "rowsAreExact" | "isReadable">;

/** Returns `5 rows`, `about 1,000 rows` or `cannot be read`. */
export const describeRows = ({ rows, rowsAreExact, isReadable }: Rows): string =>
  isReadable ? `${rowsAreExact ? "" : "about "}${formatNoun(rows, "row")}` : "cannot be read";
