import "server-only";
import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "../prisma/generated/client.ts";

const store = globalThis as { shopPrisma?: PrismaClient };

function createClient(): PrismaClient {
  const connectionString = process.env.DATABASE_URL;
  if (!connectionString) throw new Error("DATABASE_URL is not set.");
  return new PrismaClient({ adapter: new PrismaPg({ connectionString }) });
}

/** One client for the whole process, because reloading modules in development would otherwise open new pools. */
export const prisma: PrismaClient = store.shopPrisma ?? createClient();
store.shopPrisma = prisma;
