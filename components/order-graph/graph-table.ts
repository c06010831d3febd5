import type { TableName } from "../../lib/shared/api.ts";
import { tableKey } from "../../lib/shared/table-name.ts";

/** A table as the graph shows it. */
export interface GraphTable extends TableName {
  model: string | null;
  /** Rows, size. */
  figures: string;
  /** Present while an operation runs, and after it stopped early. */
  progress?: {
    state: "waiting" | "running" | "done";
    /** From 0 to 1. */
    fraction: number;
    /** The operation ended early, so this table's progress has no effect. */
    isStopped: boolean;
  };
}

/** Returns `running, 20 of 100 rows` for screen readers. */
export const spokenFigures = ({ figures, progress }: GraphTable): string =>
  progress ? `${progress.state}, ${figures}` : figures;

/** Returns a function from a table's key to the table, which may be unknown. */
export function tableFinder(tables: readonly GraphTable[]): (key: string) => GraphTable {
  const known = new Map(tables.map((table) => [tableKey(table), table]));
  return (key) => {
    const [schema, name] = JSON.parse(key);
    return known.get(key) ?? { schema, name, model: null, figures: "" };
  };
}
