import { describe, expect, it } from "vitest";
import type { RestoreMode, RestorePlan } from "../../lib/shared/api.ts";
import { describeScope } from "../scope/mode-wording.ts";
import {
  consequencesOf,
  headlineOf,
  isIdentical,
  trialRunTime,
  waitOf,
} from "./restore-statement.ts";

const NOW = { now: "2026-11-30T06:47:00Z", undoes: null };

function planOf(
  [added, removed, changed]: [number, number, number],
  { mode = "replace" as RestoreMode, wouldSucceed = true, elapsedMs = 3_200 } = {},
): RestorePlan {
  return {
    scope: { mode },
    manifest: { createdAt: "2026-11-30T06:24:00Z", tables: [{}], tablesInDatabase: 1 },
    tables: [{ schema: "public", name: "orders", action: "replace" }],
    rehearsal: {
      wouldSucceed,
      elapsedMs,
      violations: 0,
      changes: { added, removed, changed, same: 7 },
    },
  } as unknown as RestorePlan;
}

describe("the statement of a restore", () => {
  it("names the moment to which it goes back, and how long ago that is", () => {
    const plan = planOf([1, 0, 0]);
    const moment = /Nov 30, 2026, .+ \(23 minutes ago\)/;
    expect(headlineOf(plan, NOW)).toMatch(new RegExp(`^Go back to ${moment.source}\\.$`));
    expect(headlineOf(plan, { ...NOW, undoes: "1" })).toMatch(/ago\), just before the restore\.$/);
    const skipped = { ...plan.tables[0], name: "order_lines", action: "skip" };
    const part = { ...plan, tables: [...plan.tables, skipped] } as RestorePlan;
    expect(headlineOf(part, NOW)).toMatch(/ago\) in a part of the tables\.$/);
    expect(headlineOf(planOf([1, 0, 0], { mode: "overwrite" }), NOW)).toMatch(
      /^Bring back rows from /,
    );
    const unknown = { ...plan, manifest: { ...plan.manifest, createdAt: null } };
    expect(headlineOf(unknown, NOW)).toBe("Go back to a moment that the backup does not name.");
  });

  it("says that a backup of some tables brings back only these", () => {
    const whole = planOf([1, 0, 0]);
    const plan = { ...whole, manifest: { ...whole.manifest, tablesInDatabase: 25 } };
    expect(headlineOf(plan, NOW)).toMatch(/ago\) in 1 of 25 tables\.$/);
    expect(headlineOf({ ...plan, scope: { mode: "overwrite" } }, NOW)).toMatch(
      /^Bring back rows of 1 of 25 tables from /,
    );
    expect(describeScope(plan, NOW)).toBe("Everything in this backup: 1 of 25 tables");
    expect(describeScope(whole, NOW)).toBe("Everything: 1 table");
    // A safety backup has what its restore replaced.
    const undo = { ...NOW, undoes: "1" };
    expect(headlineOf(plan, undo)).toMatch(/ago\), just before the restore\.$/);
    expect(describeScope(plan, undo)).toBe("Everything: 1 table");
  });

  it.each<[RestoreMode, [number, number, number], string]>([
    [
      "replace",
      [26_955, 1, 972],
      "26,955 rows come back, 972 change, 1 row added since then is lost.",
    ],
    ["replace", [0, 2, 1], "1 row changes, 2 rows added since then are lost."],
    ["replace", [1, 0, 0], "1 row comes back."],
    ["overwrite", [3, 0, 2], "3 rows come back, 2 are replaced. Nothing is deleted."],
    ["keep-existing", [3, 0, 0], "3 rows come back. Nothing is deleted."],
  ])("says in mode %s what a trial run has found: %j", (mode, changes, sentence) => {
    expect(consequencesOf(planOf(changes, { mode }))).toBe(sentence);
  });

  it("says nothing that no trial run has found", () => {
    expect(consequencesOf({ ...planOf([1, 1, 1]), rehearsal: null })).toBe(null);
    expect(consequencesOf(planOf([1, 1, 1], { wouldSucceed: false }))).toBe(null);
    expect(waitOf({ rehearsal: null })).toBe(null);
    expect(isIdentical({ rehearsal: null })).toBe(false);
  });

  it("knows where nothing would change", () => {
    expect(isIdentical(planOf([0, 0, 0]))).toBe(true);
    expect(isIdentical(planOf([0, 0, 1]))).toBe(false);
    expect(isIdentical(planOf([0, 0, 0], { wouldSucceed: false }))).toBe(false);
  });

  it("knows when the trial run was, and whether that is long ago", () => {
    const plan = planOf([1, 0, 0], { elapsedMs: 60_000 });
    const at = (startedAt: string | null) => trialRunTime(plan, { ...NOW, startedAt });
    expect(at("2026-11-30T06:41:00Z")).toEqual({
      endedAt: "2026-11-30T06:42:00.000Z",
      isOld: false,
    });
    expect(at("2026-11-30T06:40:59Z")).toMatchObject({ isOld: true });
    // The database's clock and the trial run's may differ a little.
    expect(at("2026-11-30T06:46:30Z")).toEqual({
      endedAt: "2026-11-30T06:47:00.000Z",
      isOld: false,
    });
    expect(at(null)).toBe(null);
    expect(trialRunTime({ rehearsal: null }, { ...NOW, startedAt: NOW.now })).toBe(null);
  });

  it("says how long the app waits", () => {
    const waitAfter = (elapsedMs: number) => waitOf(planOf([1, 0, 0], { elapsedMs }));
    expect(waitAfter(120)).toBe("The app waits for about 1 second.");
    expect(waitAfter(3_200)).toBe("The app waits for about 3 seconds.");
    expect(waitAfter(600_000)).toBe("The app waits for about 10 minutes.");
  });
});
