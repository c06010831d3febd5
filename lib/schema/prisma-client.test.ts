import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { expect, it } from "vitest";
import { connectionFromPrisma, readInlineSchema, readRuntimeDataModel } from "./prisma-client.ts";

const URL = "postgresql://ada:secret@db.example:5433/shop";

it("finds how the client's own adapter connects", async () => {
  const adapter = new PrismaPg({ connectionString: URL });
  const connection = await connectionFromPrisma({ _engineConfig: { adapter } });
  expect(new pg.Client(connection ?? {})).toMatchObject({
    host: "db.example",
    port: 5433,
    user: "ada",
    password: "secret",
    database: "shop",
  });
});

it("leaves a pool alone that the app gave to the adapter", async () => {
  const { hostname: host, username: user, password } = new globalThis.URL(URL);
  const pool = new pg.Pool({ host, user, password, database: "shop", port: 5433, ssl: true });
  const connection = await connectionFromPrisma({ _engineConfig: { adapter: new PrismaPg(pool) } });
  expect(connection).toMatchObject({ host, user, password, database: "shop", ssl: true });
  expect(pool.ended).toBe(false);
  await pool.end();
});

/** A client of Prisma 6.16 with the Rust engine, and so without an adapter. Its models are shortened. */
const WITHOUT_ADAPTER = {
  _engineConfig: {
    activeProvider: "postgresql",
    inlineSchema: "model User {\n  id Int @id\n}\n",
    overrideDatasources: {},
    inlineDatasources: { db: { url: { fromEnvVar: "DATABASE_URL", value: null } } },
    adapter: undefined,
  },
  _runtimeDataModel: {
    models: {
      User: {
        dbName: "users",
        fields: [
          { name: "id", kind: "scalar", type: "Int", dbName: "user_id" },
          { name: "posts", kind: "object", type: "Post", relationName: "PostToUser" },
        ],
      },
    },
    enums: {},
    types: {},
  },
};

it("knows a client without an adapter, whose connection is the environment's", async () => {
  expect(await connectionFromPrisma(WITHOUT_ADAPTER)).toBeNull();
  expect(readInlineSchema(WITHOUT_ADAPTER)).toContain("model User");
  expect(Object.keys(readRuntimeDataModel(WITHOUT_ADAPTER)?.models ?? {})).toEqual(["User"]);
});

it.each([
  ["no client", undefined],
  ["something else", {}],
  ["an adapter of another database", { _engineConfig: { adapter: { provider: "mysql" } } }],
  ["an adapter that cannot connect", { _engineConfig: { adapter: { provider: "postgres" } } }],
  [
    "an adapter that is not of pg",
    { _engineConfig: { adapter: { provider: "postgres", connect: () => ({}) } } },
  ],
])("takes %s for none", async (_, client) => {
  expect(await connectionFromPrisma(client)).toBeNull();
  expect(readInlineSchema(client)).toBeNull();
  expect(readRuntimeDataModel(client)).toBeNull();
});
