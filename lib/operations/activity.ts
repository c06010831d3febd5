import { ACTIVITY_PAGE_LENGTH, type Activity, type ActivityFilter } from "../shared/api.ts";
import type { Context } from "./context.ts";
import { ifRecorded, queryOperations } from "./operations-schema.ts";
import { settleOperations } from "./settle.ts";
import { LISTED_COLUMNS, TABLE, toListed } from "./stored-operation.ts";

/** Returns one page of all operations ever recorded, newest first, in the form that `listOperations` returns. */
export async function readActivity(
  context: Context,
  { kind, state, search = "", page = 1 }: ActivityFilter,
): Promise<Activity> {
  await settleOperations(context);
  const rows = await ifRecorded(
    () =>
      queryOperations<{ activity: string }>(
        context.database,
        `WITH matching AS (
       SELECT id, created_at FROM ${TABLE}
       WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR state = $2)
         AND concat_ws(chr(10), file_name, actor ->> 'name', actor ->> 'id', id, archive ->> 'sha256') ILIKE $3)
     SELECT json_build_object(
       'total', (SELECT count(*) FROM matching),
       'operations', (SELECT coalesce(json_agg(o), '[]') FROM (
         SELECT ${LISTED_COLUMNS} FROM ${TABLE}
         WHERE id IN (SELECT id FROM matching ORDER BY created_at DESC, id LIMIT $4 OFFSET $5)
         ORDER BY created_at DESC, id) o))::text AS activity`,
        [
          kind ?? null,
          state ?? null,
          `%${search.trim().replaceAll(/[\\%_]/g, "\\$&")}%`,
          ACTIVITY_PAGE_LENGTH,
          (page - 1) * ACTIVITY_PAGE_LENGTH,
        ],
      ),
    [],
  );
  const [row] = rows;
  if (!row) return { total: 0, operations: [] };
  const { total, operations } = JSON.parse(row.activity) as Activity;
  return { total, operations: operations.map((operation) => toListed(operation, context.config)) };
}
