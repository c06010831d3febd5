import { defineConfig } from "prisma/config";

const url = process.env.DATABASE_URL;

export default defineConfig({
  schema: "../prisma/schema.prisma",
  migrations: { path: "../prisma/migrations", seed: "node scripts/seed.ts" },
  // `prisma generate` needs no database, and must not ask for one.
  ...(url ? { datasource: { url } } : {}),
});
