import { expect, test } from "vitest";
import { knownRemedy } from "./pooler.ts";

const SUPABASE = / Supabase .*5432/;
const NEON = / Neon .*-pooler/;

test.each([
  ["aws-0-eu-central-1.pooler.supabase.com", 6543, SUPABASE],
  ["aws-0-eu-central-1.pooler.supabase.com", 5432, null],
  ["db.abcdefghijklmnop.supabase.co", 6543, SUPABASE],
  ["db.abcdefghijklmnop.supabase.co", 5432, null],
  ["notsupabase.com", 6543, null],
  ["supabase.com.example.org", 6543, null],
  ["ep-cool-sun-123456-pooler.eu-central-1.aws.neon.tech", 5432, NEON],
  ["ep-cool-sun-123456-pooler.c-2.eu-central-1.aws.neon.tech", 5432, NEON],
  ["ep-cool-sun-123456-pooler.neon.tech", 5432, NEON],
  ["ep-cool-sun-123456.eu-central-1.aws.neon.tech", 5432, null],
  ["db-pooler.shop.svc", 5432, null],
  ["db-pooler.shop.svc.cluster.local", 6432, null],
  ["db-pooler.neon.tech.example.org", 5432, null],
  ["db-pooler.myneon.tech", 5432, null],
  ["localhost", 6543, null],
] as const)("%s:%i", (host, port, remedy) => {
  const said = knownRemedy({ host, port });
  if (remedy) expect(said).toMatch(remedy);
  else expect(said).toBe("");
});
