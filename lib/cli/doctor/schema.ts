import { readdir } from "node:fs/promises";
import path from "node:path";
import type pg from "pg";
import { readMigrations } from "../../postgres/migrations.ts";
import type { Catalog } from "../../schema/catalog.ts";
import { findDmmfDrift } from "../../schema/dmmf.ts";
import type { Drift } from "../../shared/api.ts";
import { formatNoun } from "../../shared/format.ts";
import type { PrismaSchema } from "../host/prisma-schema.ts";
import type { Report } from "./finding.ts";

/** The app does not miss anything because of these differences. */
const isHarmless = ({ kind }: Drift): boolean => kind === "table-added" || kind === "column-added";

export async function checkSchema(
  report: Report,
  client: pg.ClientBase,
  catalog: Catalog,
  schema: PrismaSchema | null,
): Promise<void> {
  const { ok, note, warning, problem } = report;
  if (schema === null) {
    note(
      "DRIFT",
      "No schema.prisma was found here: it was not compared with the database.",
      "Run this in the app's root.",
    );
    return;
  }
  if (schema.provider && !/^postgres(?:ql)?$/.test(schema.provider)) {
    problem(
      "PROVIDER",
      `schema.prisma is for ${schema.provider}: backups are of PostgreSQL only.`,
      "Use another tool for this database.",
    );
    return;
  }
  const { views, relationMode } = schema;
  // With this mode, relations have no foreign keys on purpose.
  const models = schema.models.map((model) => ({
    ...model,
    fields: model.fields.map((field) => ({
      ...field,
      relationFromFields: relationMode === "prisma" ? [] : field.relationFromFields,
    })),
  }));
  const drift = findDmmfDrift(models, views, catalog);
  const missing = drift.filter((it) => !isHarmless(it));
  const added = drift.filter(isHarmless);
  if (missing.length > 0) {
    warning(
      "DRIFT",
      "schema.prisma has parts that the database does not have. A backup holds what is in the database.",
      "Apply the migrations (npx prisma migrate deploy), or bring schema.prisma up to date (npx prisma db pull).",
      missing.map(({ message }) => message),
    );
  }
  if (added.length > 0) {
    note(
      "DRIFT",
      "The database has parts that schema.prisma does not map. They are backed up and restored all the same.",
      "You need to do nothing, unless they should be in schema.prisma: npx prisma db pull",
      added.map(({ message }) =>
        message.replace(" It is backed up and restored all the same.", ""),
      ),
    );
  }
  if (drift.length === 0)
    ok("DRIFT", `schema.prisma (${formatNoun(models.length, "model")}) and the database agree.`);
  await checkMigrations(report, client, catalog, schema.path);
}

async function checkMigrations(
  { warning }: Report,
  client: pg.ClientBase,
  catalog: Catalog,
  schemaPath: string,
): Promise<void> {
  const recorded = await readMigrations(client, catalog);
  const failed = recorded.filter(({ finishedAt, rolledBackAt }) => !finishedAt && !rolledBackAt);
  if (failed.length > 0) {
    warning(
      "MIGRATIONS",
      "A migration has failed, or still runs.",
      "Tell Prisma whether it was applied: npx prisma migrate resolve",
      failed.map(({ name }) => name),
    );
  }
  const applied = new Set(recorded.filter(({ finishedAt }) => finishedAt).map(({ name }) => name));
  const pending = (await migrationNames(schemaPath)).filter((name) => !applied.has(name));
  if (pending.length > 0 && recorded.length > 0) {
    warning(
      "MIGRATIONS",
      `${formatNoun(pending.length, "migration")} of this app ${pending.length === 1 ? "is" : "are"} not applied to the database.`,
      "Apply them: npx prisma migrate deploy",
      pending,
    );
  }
}

/** The names in the folder of migrations next to the schema. Empty if that folder is elsewhere. */
async function migrationNames(schemaPath: string): Promise<string[]> {
  for (const folder of [path.dirname(schemaPath), schemaPath]) {
    const entries = await readdir(path.join(folder, "migrations"), { withFileTypes: true }).catch(
      () => [],
    );
    const names = entries.filter((it) => it.isDirectory()).map(({ name }) => name);
    if (names.length > 0) return names.toSorted();
  }
  return [];
}
