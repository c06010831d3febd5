import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { computeInsertionOrder, orderedTables } from "./insertion-order.ts";

/** `"a>b"` means that table a refers to table b. */
function order(tables: string[], keys: string[]) {
  return computeInsertionOrder(
    tables.map(table),
    keys.map((key, index) => foreignKey(key, index)),
  );
}
const table = (name: string) => ({ schema: "public", name });
function foreignKey(key: string, index: number) {
  const [from = "", to = ""] = key.split(">");
  return {
    constraint: `${from}_${to}_${index}`,
    from: table(from),
    to: table(to),
    columns: [to],
    referencedColumns: ["id"],
    onDelete: "NO ACTION",
    relation: null,
  };
}
/** Components as text, for example `a` or `a+b`. */
const shape = (tables: string[], keys: string[]) =>
  order(tables, keys).components.map((it) => it.tables.map(({ name }) => name).join("+"));

describe("known graphs", () => {
  test.for<[string, string[], string[], string[]]>([
    ["nothing", [], [], []],
    ["no keys: by name", ["c", "a", "b"], [], ["a", "b", "c"]],
    ["a chain", ["a", "b", "c"], ["a>b", "b>c"], ["c", "b", "a"]],
    ["a diamond", ["a", "b", "c", "d"], ["a>b", "a>c", "b>d", "c>d"], ["d", "b", "c", "a"]],
    ["a table that refers to itself", ["a", "b"], ["a>a", "a>b"], ["b", "a"]],
    ["a cycle of 2", ["a", "b"], ["a>b", "b>a"], ["a+b"]],
    ["a cycle of 3", ["a", "b", "c"], ["a>b", "b>c", "c>a"], ["a+b+c"]],
    [
      "a cycle of 4 with a shortcut",
      ["a", "b", "c", "d"],
      ["a>b", "b>c", "c>d", "d>a", "b>d"],
      ["a+b+c+d"],
    ],
    [
      "a cycle of 5 with a parent and a child",
      ["a", "b", "c", "d", "e", "p", "z"],
      ["a>b", "b>c", "c>d", "d>e", "e>a", "c>p", "z>e"],
      ["p", "a+b+c+d+e", "z"],
    ],
    [
      "two cycles, one above the other",
      ["a", "b", "c", "d"],
      ["a>b", "b>a", "c>d", "d>c", "a>c"],
      ["c+d", "a+b"],
    ],
    ["two cycles that share a table", ["a", "b", "c"], ["a>b", "b>a", "b>c", "c>b"], ["a+b+c"]],
    ["several keys between two tables", ["a", "b"], ["a>b", "a>b", "a>b"], ["b", "a"]],
    ["a key to a table that is not there", ["a", "b"], ["a>x", "x>b"], ["a", "b"]],
    ["a late child of an early parent", ["a", "b", "c"], ["a>c"], ["b", "c", "a"]],
  ])("%s", ([, tables, keys, expected]) => {
    expect(shape(tables, keys)).toEqual(expected);
  });

  test("each key's role, and each component's level", () => {
    const { components, edges } = order(
      ["a", "b", "c", "d"],
      ["a>a", "a>b", "b>c", "c>b", "d>a", "d>x"],
    );
    expect(components.map(({ cyclic, level }) => ({ cyclic, level }))).toEqual([
      { cyclic: true, level: 0 },
      { cyclic: false, level: 1 },
      { cyclic: false, level: 2 },
    ]);
    expect(edges.map(({ from, to, role }) => [from.name, to.name, role])).toEqual([
      ["a", "a", "self"],
      ["a", "b", "orders"],
      ["b", "c", "cycle"],
      ["c", "b", "cycle"],
      ["d", "a", "orders"],
    ]);
  });

  test("the same name in two schemas is two tables", () => {
    const [one, two] = [
      { schema: "one", name: "t" },
      { schema: "two", name: "t" },
    ];
    const key = { ...foreignKey("t>t", 0), from: one, to: two };
    expect(orderedTables(computeInsertionOrder([one, two], [key]))).toEqual([two, one]);
  });

  test.for([
    ["a chain", (i: number, count: number) => (i + 1 < count ? [`${i}>${i + 1}`] : [])],
    ["a circle", (i: number, count: number) => [`${i}>${(i + 1) % count}`]],
    ["a star", (i: number) => (i > 0 ? [`${i}>0`] : [])],
  ] as const)("%s of 5,000 tables", ([, keysOf]) => {
    const tables = Array.from({ length: 5000 }, (_, i) => String(i));
    const keys = tables.flatMap((_, i) => keysOf(i, tables.length));
    expect(orderedTables(order(tables, keys))).toHaveLength(5000);
  });
});

describe("any graph", () => {
  const names = "abcdefgh".split("");
  const graph = fc.record({
    tables: fc.subarray(names),
    keys: fc.array(
      fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)).map((it) => it.join(">")),
      {
        maxLength: 16,
      },
    ),
  });

  test("every table comes once, and after all that its ordering keys refer to", () => {
    fc.assert(
      fc.property(graph, ({ tables, keys }) => {
        const { components, edges } = order(tables, keys);
        const place = new Map(
          components.flatMap((it, at) => it.tables.map(({ name }) => [name, at])),
        );
        expect([...place.keys()].toSorted()).toEqual(tables.toSorted());
        for (const { from, to, role } of edges) {
          const [child, parent] = [place.get(from.name) ?? -1, place.get(to.name) ?? -1];
          if (role === "orders") expect(parent).toBeLessThan(child);
          else expect(parent).toBe(child);
        }
      }),
    );
  });

  test("components are exactly the sets of tables that reach each other", () => {
    fc.assert(
      fc.property(graph, ({ tables, keys }) => {
        const { components } = order(tables, keys);
        const component = new Map(
          components.flatMap((it, at) => it.tables.map(({ name }) => [name, at])),
        );
        const reaches = closure(tables, keys);
        for (const a of tables) {
          for (const b of tables) {
            const together = a === b || (reaches(a, b) && reaches(b, a));
            expect(component.get(a) === component.get(b)).toBe(together);
          }
        }
      }),
    );
  });

  test("the order in which tables and keys are given does not matter", () => {
    const shuffled = graph.chain(({ tables, keys }) => {
      const numbered = keys.map((key, index) => foreignKey(key, index));
      return fc.record({
        tables: fc.constant(tables),
        keys: fc.constant(numbered),
        otherTables: fc.shuffledSubarray(tables, { minLength: tables.length }),
        otherKeys: fc.shuffledSubarray(numbered, { minLength: numbered.length }),
      });
    });
    fc.assert(
      fc.property(shuffled, ({ tables, keys, otherTables, otherKeys }) => {
        expect(computeInsertionOrder(otherTables.map(table), otherKeys)).toEqual(
          computeInsertionOrder(tables.map(table), keys),
        );
      }),
    );
  });
});

/**
 * Whether one table refers to another, directly or through others. Warshall's algorithm, because it is the simplest.
 */
function closure(tables: string[], keys: string[]): (from: string, to: string) => boolean {
  const pairs = new Set(
    keys.filter((key) => key.split(">").every((name) => tables.includes(name))),
  );
  for (const via of tables)
    for (const from of tables)
      for (const to of tables)
        if (pairs.has(`${from}>${via}`) && pairs.has(`${via}>${to}`)) pairs.add(`${from}>${to}`);
  return (from, to) => pairs.has(`${from}>${to}`);
}
