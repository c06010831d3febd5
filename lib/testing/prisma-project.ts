/** A project like a user's: a Prisma schema, and the client that Prisma generated from it. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PrismaPg } from "@prisma/adapter-pg";
import type pg from "pg";
import { ROOT } from "../../scripts/run.ts";
import { installPackage } from "./installed-package.ts";

const run = promisify(execFile);

const SCHEMA = `
generator client {
  provider            = "prisma-client"
  output              = "./generated/client"
  moduleFormat        = "esm"
  importFileExtension = "ts"
}

generator js {
  provider = "prisma-client-js"
  output   = "./generated/client-js"
}

datasource db {
  provider = "postgresql"
}

model User {
  id      Int     @id @default(autoincrement())
  name    String
  boss_id Int?
  boss    User?   @relation("Boss", fields: [boss_id], references: [id])
  reports User[]  @relation("Boss")
  posts   Posts[]

  @@map("users")
}

model Posts {
  id       Int    @id @default(autoincrement())
  title    String
  authorId Int    @map("author_id")
  author   User   @relation(fields: [authorId], references: [id])
  tags     Tag[]
}

model Tag {
  id    Int     @id @default(autoincrement())
  name  String
  posts Posts[]
}
`;

/** The schema's models with their relations, as in `Prisma.dmmf.datamodel.models` before Prisma 7. */
export const FULL_MODELS = [
  {
    name: "User",
    dbName: "users",
    fields: [
      { name: "id", kind: "scalar", type: "Int" },
      { name: "name", kind: "scalar", type: "String" },
      { name: "boss_id", kind: "scalar", type: "Int" },
      {
        name: "boss",
        kind: "object",
        type: "User",
        relationName: "Boss",
        relationFromFields: ["boss_id"],
        relationToFields: ["id"],
      },
      list("reports", "User", "Boss"),
      list("posts", "Posts", "PostsToUser"),
    ],
  },
  {
    name: "Posts",
    dbName: null,
    fields: [
      { name: "id", kind: "scalar", type: "Int" },
      { name: "title", kind: "scalar", type: "String" },
      { name: "authorId", kind: "scalar", type: "Int", dbName: "author_id" },
      {
        name: "author",
        kind: "object",
        type: "User",
        relationName: "PostsToUser",
        relationFromFields: ["authorId"],
        relationToFields: ["id"],
      },
      list("tags", "Tag", "PostsToTag"),
    ],
  },
  {
    name: "Tag",
    dbName: null,
    fields: [
      { name: "id", kind: "scalar", type: "Int" },
      { name: "name", kind: "scalar", type: "String" },
      list("posts", "Posts", "PostsToTag"),
    ],
  },
];

function list(name: string, type: string, relationName: string) {
  return {
    name,
    kind: "object",
    type,
    isList: true,
    relationName,
    relationFromFields: [],
    relationToFields: [],
  };
}

/** The schema's tables as Prisma's migrations make them, each with rows. */
export const BLOG_SQL = `
  CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, boss_id int REFERENCES users);
  CREATE TABLE "Posts" (id serial PRIMARY KEY, title text NOT NULL, author_id int NOT NULL REFERENCES users);
  CREATE TABLE "Tag" (id serial PRIMARY KEY, name text NOT NULL);
  CREATE TABLE "_PostsToTag" ("A" int NOT NULL REFERENCES "Posts" ON DELETE CASCADE, "B" int NOT NULL REFERENCES "Tag" ON DELETE CASCADE,
    CONSTRAINT "_PostsToTag_AB_pkey" PRIMARY KEY ("A", "B"));
  CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
    migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count int NOT NULL DEFAULT 0);
  INSERT INTO users (name, boss_id) VALUES ('Ada', NULL), ('Bob', 1), ('Cyd', 2);
  INSERT INTO "Posts" (title, author_id) SELECT 'Post ' || i, 1 + i % 3 FROM generate_series(1, 250) i;
  INSERT INTO "Tag" (name) VALUES ('red'), ('green');
  INSERT INTO "_PostsToTag" SELECT i, 1 + i % 2 FROM generate_series(1, 250) i;
  INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name) VALUES ('1', 'c', now(), '0_init')`;

/** Changes rows, sequences and counts of every table that a restore replaces. */
export const BLOG_MESS_SQL = `
  DELETE FROM "_PostsToTag" WHERE "A" > 3; UPDATE "Posts" SET title = 'x'; DELETE FROM "Posts" WHERE id > 40;
  INSERT INTO users (name) SELECT 'new' FROM generate_series(1, 20); INSERT INTO "Tag" (name) VALUES ('blue')`;

export interface Project extends AsyncDisposable {
  folder: string;
  /** Makes a new client from the generated code, connected to a database. */
  client(connection: pg.PoolConfig | pg.Pool, options?: object): PrismaClientLike;
  /** In the shape of `Prisma.dmmf.datamodel.models`. */
  baseModels: object[];
  /** Runs this text as a script in the project's folder, in a separate Node process. */
  runScript(text: string, env: Record<string, string>, nodeArgs?: string[]): Promise<ScriptOutput>;
}

interface PrismaClientLike {
  $disconnect(): Promise<void>;
  posts: { count(): Promise<number> };
}

interface ScriptOutput {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Generates the client, which takes about two seconds. */
export async function createProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "project-test-"));
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  await installPackage(modules, { others: ["@prisma"] });
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(folder, "schema.prisma"), SCHEMA);
  const prisma = join(ROOT, "node_modules/prisma/build/index.js");
  await run(process.execPath, [prisma, "generate", "--schema", "schema.prisma"], {
    cwd: folder,
    // Prisma does not run the engine, and does not download one if this path is set.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
  });
  const { PrismaClient, Prisma } = createRequire(import.meta.url)(
    join(folder, "generated/client-js/index.js"),
  );
  let scripts = 0;
  return {
    folder,
    client: (connection, options) =>
      new PrismaClient({ adapter: new PrismaPg(connection, options) }),
    baseModels: Prisma.dmmf.datamodel.models,
    async runScript(text, env, nodeArgs = []) {
      const name = `script-${++scripts}.ts`;
      await writeFile(join(folder, name), text);
      const running = run(process.execPath, [...nodeArgs, name], {
        cwd: folder,
        // Leaves out variables that could give the library a connection.
        env: { NODE_ENV: "production", ...env },
        timeout: 60_000,
      });
      return running.then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        ({ code, stdout, stderr }: ScriptOutput) => ({ code, stdout, stderr }),
      );
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
