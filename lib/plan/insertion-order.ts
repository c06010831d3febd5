import type { InsertionOrder, OrderComponent, OrderEdge, TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";

const byName = (a: TableName, b: TableName): number =>
  compare(a.schema, b.schema) || compare(a.name, b.name);
/** Compares by code unit, so that the order does not depend on the machine's locale. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Computes an order in which the parents of each row are loaded before it: the strongly connected components of the
 * foreign key graph, sorted topologically, ties by name. So the same schema always gives the same order.
 *
 * @param foreignKeys from child (`from`) to parent (`to`); others than between these tables do not count
 */
export function computeInsertionOrder(
  tables: readonly TableName[],
  foreignKeys: ReadonlyArray<Omit<OrderEdge, "role">>,
): InsertionOrder {
  const sorted = tables.toSorted(byName);
  const indexOf = new Map(sorted.map((table, index) => [tableKey(table), index]));
  const links = foreignKeys
    .flatMap((foreignKey) => {
      const from = indexOf.get(tableKey(foreignKey.from));
      const to = indexOf.get(tableKey(foreignKey.to));
      return from === undefined || to === undefined ? [] : [{ foreignKey, from, to }];
    })
    .toSorted(
      (a, b) => a.from - b.from || compare(a.foreignKey.constraint, b.foreignKey.constraint),
    );

  const parents: number[][] = sorted.map(() => []);
  for (const { from, to } of links) parents[from]?.push(to);
  const componentOf = findComponents(parents);

  const members = Map.groupBy(sorted.keys(), (table) => componentOf[table] as number);
  const parentComponents = new Map<number, Set<number>>();
  for (const { from, to } of links) {
    const [child, parent] = [componentOf[from] as number, componentOf[to] as number];
    if (child === parent) continue;
    parentComponents.set(child, (parentComponents.get(child) ?? new Set()).add(parent));
  }

  const components = sortTopologically(members, parentComponents).map(
    ({ component, level }): OrderComponent => {
      const ids = members.get(component) ?? [];
      return { tables: ids.map((id) => sorted[id] as TableName), cyclic: ids.length > 1, level };
    },
  );
  const edges = links.map(
    ({ foreignKey, from, to }): OrderEdge => ({
      ...foreignKey,
      role: from === to ? "self" : componentOf[from] === componentOf[to] ? "cycle" : "orders",
    }),
  );
  return { components, edges };
}

export const orderedTables = (order: InsertionOrder): TableName[] =>
  order.components.flatMap((component) => component.tables);

/**
 * Finds strongly connected components by Tarjan's algorithm, without recursion, because a chain of foreign keys may be
 * longer than the stack. @returns the component number of each node
 */
function findComponents(parents: readonly number[][]): number[] {
  const count = parents.length;
  const discovered = new Array<number>(count).fill(-1);
  const low = new Array<number>(count).fill(0);
  const component = new Array<number>(count).fill(-1);
  const open: number[] = [];
  let time = 0;
  let components = 0;

  for (let root = 0; root < count; root++) {
    if (discovered[root] !== -1) continue;
    const path = [{ node: root, next: 0 }];
    while (path.length > 0) {
      const frame = path[path.length - 1] as { node: number; next: number };
      const { node } = frame;
      if (frame.next === 0) {
        discovered[node] = low[node] = time++;
        open.push(node);
      }
      const target = parents[node]?.[frame.next++];
      if (target !== undefined) {
        if (discovered[target] === -1) path.push({ node: target, next: 0 });
        else if (component[target] === -1) {
          low[node] = Math.min(low[node] as number, discovered[target] as number);
        }
        continue;
      }
      path.pop();
      const caller = path[path.length - 1]?.node;
      if (caller !== undefined) low[caller] = Math.min(low[caller] as number, low[node] as number);
      if (low[node] === discovered[node]) {
        let member: number;
        do {
          member = open.pop() as number;
          component[member] = components;
        } while (member !== node);
        components++;
      }
    }
  }
  return component;
}

/** Kahn's algorithm by levels. Within a level, sorts by the component's first table. */
function sortTopologically(
  members: Map<number, number[]>,
  parents: Map<number, Set<number>>,
): Array<{ component: number; level: number }> {
  const children = new Map<number, number[]>();
  const missing = new Map<number, number>();
  for (const [child, its] of parents) {
    missing.set(child, its.size);
    for (const parent of its) children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const firstTable = (component: number): number => members.get(component)?.[0] ?? 0;
  const result: Array<{ component: number; level: number }> = [];
  let ready = [...members.keys()].filter((component) => !missing.has(component));
  for (let level = 0; ready.length > 0; level++) {
    ready.sort((a, b) => firstTable(a) - firstTable(b));
    const next: number[] = [];
    for (const component of ready) {
      result.push({ component, level });
      for (const child of children.get(component) ?? []) {
        const left = (missing.get(child) ?? 0) - 1;
        missing.set(child, left);
        if (left === 0) next.push(child);
      }
    }
    ready = next;
  }
  return result;
}
