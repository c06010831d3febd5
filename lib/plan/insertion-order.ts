import type { InsertionOrder, OrderEdge, TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";

const byName = (a: TableName, b: TableName): number =>
  compare(a.schema, b.schema) || compare(a.name, b.name);
/** Compares by code unit, so that the order does not depend on the machine's locale. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A table of the foreign key graph. */
interface Node {
  table: TableName;
  /** Position among all tables, sorted by name. */
  index: number;
  parents: Node[];
  /** For Tarjan's algorithm: when it was found, and the earliest found node that it leads to. */
  foundAt: number | null;
  earliest: number;
  component: Component | null;
}

/** Tables that refer to each other, sorted by name. */
interface Component {
  nodes: Node[];
  /** One more than the highest level of its parents. */
  level: number;
}

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
  const nodes = tables.toSorted(byName).map((table, index): Node => {
    return { table, index, parents: [], foundAt: null, earliest: 0, component: null };
  });
  const nodeOf = new Map(nodes.map((node) => [tableKey(node.table), node]));
  const links = foreignKeys
    .flatMap((foreignKey) => {
      const from = nodeOf.get(tableKey(foreignKey.from));
      const to = nodeOf.get(tableKey(foreignKey.to));
      return from && to ? [{ foreignKey, from, to }] : [];
    })
    .toSorted(
      (a, b) =>
        a.from.index - b.from.index || compare(a.foreignKey.constraint, b.foreignKey.constraint),
    );
  for (const { from, to } of links) from.parents.push(to);

  const first = ({ nodes: [node] }: Component): number => node?.index ?? 0;
  const components = findComponents(nodes).toSorted(
    (a, b) => a.level - b.level || first(a) - first(b),
  );
  return {
    components: components.map(({ nodes: members, level }) => ({
      tables: members.map(({ table }) => table),
      cyclic: members.length > 1,
      level,
    })),
    edges: links.map(({ foreignKey, from, to }) => ({
      ...foreignKey,
      role: from === to ? "self" : from.component === to.component ? "cycle" : "orders",
    })),
  };
}

export const orderedTables = (order: InsertionOrder): TableName[] =>
  order.components.flatMap((component) => component.tables);

/**
 * Finds strongly connected components by Tarjan's algorithm, parents first. It does not recurse, because a chain of
 * foreign keys may be longer than the stack.
 */
function findComponents(nodes: readonly Node[]): Component[] {
  const components: Component[] = [];
  const open: Node[] = [];
  let time = 0;
  for (const root of nodes) {
    const path = root.foundAt === null ? [{ node: root, next: 0 }] : [];
    for (let frame = path.at(-1); frame; frame = path.at(-1)) {
      const { node } = frame;
      if (frame.next === 0) {
        node.foundAt = node.earliest = time++;
        open.push(node);
      }
      const parent = node.parents[frame.next++];
      if (parent) {
        if (parent.foundAt === null) path.push({ node: parent, next: 0 });
        else if (!parent.component) node.earliest = Math.min(node.earliest, parent.foundAt);
        continue;
      }
      path.pop();
      const caller = path.at(-1)?.node;
      if (caller) caller.earliest = Math.min(caller.earliest, node.earliest);
      if (node.earliest === node.foundAt)
        components.push(componentOf(open.splice(open.lastIndexOf(node))));
    }
  }
  return components;
}

/** Makes a component of nodes whose other parents have theirs already. */
function componentOf(members: readonly Node[]): Component {
  const component = { nodes: members.toSorted((a, b) => a.index - b.index), level: 0 };
  for (const member of members) member.component = component;
  for (const parent of members.flatMap(({ parents }) => parents)) {
    if (parent.component && parent.component !== component)
      component.level = Math.max(component.level, parent.component.level + 1);
  }
  return component;
}
