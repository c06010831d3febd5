import type { TableName } from "../../lib/shared/api.ts";

/** A table as the picture shows it. */
export interface GraphTable extends TableName {
  model: string | null;
  /** Rows, size. */
  figures: string;
  /** While an operation runs, or as far as it came. */
  progress?: {
    state: "waiting" | "running" | "done";
    /** 0 to 1. */
    fraction: number;
    /** It ended before its time, so that nothing of it counts. */
    isStopped: boolean;
  };
}

/** `running, 20 of 100 rows`, to be read out. */
export const spokenFigures = ({ figures, progress }: GraphTable): string =>
  progress ? `${progress.state}, ${figures}` : figures;
