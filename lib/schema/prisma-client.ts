/**
 * Everything that this library uses of Prisma's private parts, checked with Prisma 6.16 and 7.10. Every access is
 * guarded: a missing part is `null`, and the caller says what to configure instead.
 */
import type pg from "pg";
import { z } from "zod";
import { BackupError } from "../errors.ts";

export const runtimeModelSchema = z.object({
  dbName: z.string().nullish(),
  schema: z.string().nullish(),
  fields: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      type: z.string(),
      dbName: z.string().nullish(),
      relationName: z.string().nullish(),
    }),
  ),
});
const runtimeDataModelSchema = z.object({ models: z.record(z.string(), runtimeModelSchema) });
export type RuntimeDataModel = z.infer<typeof runtimeDataModelSchema>;

/** The client's models with their tables and columns, or null if it is not a Prisma client that we know. */
export function readRuntimeDataModel(prisma: unknown): RuntimeDataModel | null {
  return runtimeDataModelSchema.safeParse(property(prisma, "_runtimeDataModel")).data ?? null;
}

/** The text of schema.prisma, or null. */
export function readInlineSchema(prisma: unknown): string | null {
  const text = property(property(prisma, "_engineConfig"), "inlineSchema");
  return typeof text === "string" ? text : null;
}

/** A `pg` configuration, and the schema that the adapter uses for its tables. */
export type PrismaConnection = pg.ClientConfig & { schema?: string | undefined };

/** How the client's `pg` adapter connects; null if it has another or none. Neither opens a connection nor uses one. */
export async function connectionFromPrisma(prisma: unknown): Promise<PrismaConnection | null> {
  const factory = property(property(prisma, "_engineConfig"), "adapter");
  const schema = schemaFromPrisma(prisma);
  if (property(factory, "provider") !== "postgres") return null;
  // If the app created the pool and passed it to the adapter, it must stay open. The adapter might close it.
  const pool = property(factory, "externalPool");
  if (pool) return pickConnection(property(pool, "options"), schema);
  const connect = property(factory, "connect");
  if (typeof connect !== "function") return null;
  const adapter: unknown = await connect.call(factory);
  try {
    const driver = property(adapter, "underlyingDriver");
    if (typeof driver !== "function") return null;
    return pickConnection(property(driver.call(adapter), "options"), schema);
  } finally {
    const dispose = property(adapter, "dispose");
    if (typeof dispose === "function") await dispose.call(adapter);
  }
}

/** The schema that the client's adapter uses for its tables. */
export function schemaFromPrisma(prisma: unknown): string | undefined {
  const factory = property(property(prisma, "_engineConfig"), "adapter");
  const schema = property(property(factory, "options"), "schema");
  return typeof schema === "string" && schema !== "" ? schema : undefined;
}

/** Not by a spread: `pg` makes the password non-enumerable. @throws CONFIG_INVALID if they cannot be reused */
function pickConnection(settings: unknown, schema: string | undefined): PrismaConnection | null {
  if (typeof settings !== "object" || settings === null) return null;
  const { connectionString, host, port, user, password, database, ssl, options, stream } =
    settings as pg.ClientConfig;
  const isOneStream = stream !== undefined && typeof stream !== "function";
  if (isOneStream || property(settings, "Client") !== undefined) {
    throw new BackupError(
      "CONFIG_INVALID",
      `The Prisma client's adapter connects by ${isOneStream ? "one stream, which is its own" : "a class of its own"}, so it is not known which database it leads to. Nothing was read or written.`,
      {
        hint: "Give the connection itself: `connectionString`, or `pool` as pg takes it, with `stream` as a function if need be.",
      },
    );
  }
  return { connectionString, host, port, user, password, database, ssl, options, schema, stream };
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
