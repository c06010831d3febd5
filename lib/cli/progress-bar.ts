import { clearLine, cursorTo } from "node:readline";
import { formatCount, formatNoun, formatPercent, formatRate } from "../shared/format.ts";
import { addProgress, NO_PROGRESS, type OnProgress, sumProgress } from "../shared/progress.ts";
import { tableLabel } from "../shared/table-name.ts";

const WIDTH = 24;

/**
 * Shows an operation's progress in one line on a terminal's stderr. If stderr is a pipe, it only says what it waits
 * for.
 */
export function showProgress(): { onProgress: OnProgress; end(): void } {
  const { stderr } = process;
  let progress = NO_PROGRESS;
  const startedAt = Date.now();

  function clear() {
    if (!stderr.isTTY) return;
    cursorTo(stderr, 0);
    clearLine(stderr, 0);
  }
  return {
    onProgress(event) {
      progress = addProgress(progress, event);
      if (event.type === "waiting" && event.waitsFor !== null) {
        clear();
        stderr.write(`waiting: ${event.waitsFor}\n`);
      }
      if (!stderr.isTTY) return;
      const { rows, totalRows, bytes } = sumProgress(progress);
      const share = totalRows === 0 ? 0 : rows / totalRows;
      const running = progress.tables.find(({ state }) => state === "running");
      const line = [
        progress.phase.padEnd(11),
        `[${"█".repeat(Math.round(share * WIDTH)).padEnd(WIDTH, "·")}]`,
        formatPercent(share).padStart(5),
        `${formatCount(rows)} of ${formatNoun(totalRows, "row")}`,
        formatRate((bytes * 1000) / Math.max(1, Date.now() - startedAt)),
        running ? tableLabel(running) : "",
      ].join("  ");
      clear();
      stderr.write(line.slice(0, (stderr.columns ?? 80) - 1));
    },
    end: clear,
  };
}
