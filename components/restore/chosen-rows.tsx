import { formatNoun } from "../../lib/shared/format.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { type ChosenBackup, chooseNoRows, countChosenRows } from "./chosen-file-store.ts";

/** Lists the rows that were chosen one by one, if there are any. */
export function ChosenRows({ backup: { rows } }: { backup: ChosenBackup }) {
  if (rows.size === 0) return null;
  return (
    <Card
      title={`${formatNoun(countChosenRows(rows), "row")} chosen`}
      description="Only these rows come back. Existing rows with the same key stay as they are, unless you choose otherwise after the check. Nothing is deleted. The whole file is uploaded, because the server checks all of it."
      actions={
        <Button size="small" onClick={chooseNoRows}>
          Choose no rows
        </Button>
      }
    >
      <ul aria-label="Tables of the chosen rows" className="pba:grid pba:gap-1">
        {[...rows].map(([key, { model, name, schema, places }]) => (
          <li key={key} className="pba:wrap-anywhere">
            <span className="pba:font-medium">{model ?? name}</span>{" "}
            <span className="pba:font-mono pba:text-xs pba:text-muted">
              {schema}.{name}
            </span>{" "}
            · {formatNoun(places.size, "row")}
          </li>
        ))}
      </ul>
    </Card>
  );
}
