import { expect, it } from "vitest";
import type { RowChanges } from "../../lib/shared/rehearsal.ts";
import {
  type ChangedTable,
  changedTables,
  describeChanged,
  describeChanges,
  foldUnchanged,
} from "./changed-table.ts";

const NONE: RowChanges = { added: 0, removed: 0, changed: 0, same: 0 };
const planned = (name: string, action: ChangedTable["action"] = "replace") => ({
  schema: "public",
  name,
  model: null,
  rows: 3,
  rowsNow: 2,
  action,
});
const rehearsed = (name: string, changes: RowChanges | null) => ({
  schema: "public",
  name,
  model: null,
  rowsNow: 4,
  rowsInBackup: 3,
  key: ["id"],
  changes,
  sampleColumns: [],
  samples: [],
});

it("takes the rehearsal's count of rows, which is exact", () => {
  const [a, b] = changedTables(
    { tables: [planned("a"), planned("b")] },
    { tables: [rehearsed("a", NONE)] },
  );
  expect(a).toMatchObject({ rowsNow: 4 });
  expect(b).toMatchObject({ rowsNow: 2, rehearsed: null });
});

it("folds what stays as it is, and nothing of which that is not known", () => {
  const tables = changedTables(
    { tables: ["same", "added", "unknown", "plain"].map((it) => planned(it)) },
    {
      tables: [
        rehearsed("same", { ...NONE, same: 9 }),
        rehearsed("added", { ...NONE, added: 1 }),
        rehearsed("unknown", null),
      ],
    },
  );
  const skipped = { ...planned("skipped", "skip"), rehearsed: null };
  const { changed, unchanged } = foldUnchanged([...tables, skipped]);
  expect(changed.map(({ name }) => name)).toEqual(["added", "unknown", "plain"]);
  expect(unchanged.map(({ name }) => name)).toEqual(["same", "skipped"]);
});

it("does not say that tables change before a trial run has found it", () => {
  const tables = [planned("a"), planned("b")];
  const known = { tables: ["a", "b"].map((name) => rehearsed(name, { ...NONE, added: 1 })) };
  expect(describeChanged(changedTables({ tables }, known))).toBe("that change");
  expect(describeChanged(changedTables({ tables }, null))).toBe("that are replaced");
  const merged = changedTables({ tables: [planned("a", "merge")] }, null);
  expect(describeChanged(merged)).toBe("that rows are merged into");
});

it("leaves out of the sentence what is none", () => {
  expect(describeChanges({ added: 1_200, removed: 0, changed: 3, same: 40 })).toBe(
    "1,200 come back, 3 change, 40 stay the same",
  );
  expect(describeChanges({ added: 1, removed: 1, changed: 1, same: 1 })).toBe(
    "1 comes back, 1 is lost, 1 changes, 1 stays the same",
  );
  expect(describeChanges(NONE)).toBe("No rows, before and after");
});
