import { describe, expect, it } from "vitest";
import type { OrderEdge } from "../lib/shared/api.ts";
import { edgeReason, orderSteps } from "./order-wording.ts";
import { tableKey } from "./table-name.ts";

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

  it("says how a self reference and a cycle are handled", () => {
    const handled =
      "loaded with its foreign keys dropped; they are added and checked again before commit";
    expect(edgeReason({ ...edge, to: post, role: "self" })).toBe(
      `Post.author (authorId → id, ON DELETE CASCADE) refers to the same table: ${handled}`,
    );
    expect(edgeReason({ ...edge, role: "cycle" })).toBe(
      `Post.author (authorId → id, ON DELETE CASCADE) refers to public.User, in the same cycle: ${handled}`,
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
