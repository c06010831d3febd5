import { describe, expect, it } from "vitest";
import type { OrderEdge, TableName } from "../lib/shared/api.ts";
import { tableKey } from "../lib/shared/table-name.ts";
import { cycleHandling, edgeReason, orderSteps } from "./order-wording.ts";

const user = { schema: "public", name: "User" };
const post = { schema: "public", name: "Post" };
const edge: OrderEdge = {
  constraint: "Post_authorId_fkey",
  from: post,
  to: user,
  columns: ["authorId"],
  referencedColumns: ["id"],
  onDelete: "CASCADE",
  relation: "Post.author",
  role: "orders",
};

describe("the reason of an edge", () => {
  it("names the table that comes first, the relation, the columns and the action", () => {
    expect(edgeReason(edge)).toBe(
      "after public.User, because Post.author (authorId → id, ON DELETE CASCADE) refers to it",
    );
  });

  it("names the constraint where no Prisma relation maps it, and every column of a composite key", () => {
    const composite = {
      ...edge,
      relation: null,
      columns: ["tenant", "author"],
      referencedColumns: ["tenant", "id"],
      onDelete: "NO ACTION",
    };
    expect(edgeReason(composite)).toBe(
      "after public.User, because Post_authorId_fkey (tenant, author → tenant, id, ON DELETE NO ACTION) refers to it",
    );
  });

  it("tells a self reference and a cycle from an edge that orders", () => {
    expect(edgeReason({ ...edge, to: post, role: "self" })).toBe(
      "Post.author (authorId → id, ON DELETE CASCADE) refers to the same table",
    );
    expect(edgeReason({ ...edge, role: "cycle" })).toBe(
      "Post.author (authorId → id, ON DELETE CASCADE) refers to public.User, in the same cycle",
    );
  });
});

describe("how a step does without an order", () => {
  const stepOf = (tables: TableName[], edges: OrderEdge[]) => {
    const components = [{ tables, cyclic: tables.length > 1, level: 0 }];
    const [step] = orderSteps({ components, edges });
    if (!step) throw new Error("There is one component, so there is one step.");
    return cycleHandling(step);
  };
  const handled =
    "its foreign keys are dropped for the load, then added and checked again before the commit";

  it("is said of cycles and self references, and of nothing else", () => {
    expect(stepOf([post], [edge])).toBeNull();
    expect(stepOf([post], [{ ...edge, to: post, role: "self" }])).toBe(
      `Refers to itself: ${handled}`,
    );
    expect(stepOf([post, user], [{ ...edge, role: "cycle" }])).toBe(
      `Cycle of 2 tables: ${handled}`,
    );
  });
});

describe("the steps", () => {
  it("number the components and give each table its own edges", () => {
    const steps = orderSteps({
      components: [
        { tables: [user], cyclic: false, level: 0 },
        { tables: [post], cyclic: false, level: 1 },
      ],
      edges: [edge],
    });
    expect(steps.map((step) => step.number)).toEqual([1, 2]);
    expect(steps[0]?.edges.get(tableKey(user))).toEqual([]);
    expect(steps[1]?.edges.get(tableKey(post))).toEqual([edge]);
  });
});
