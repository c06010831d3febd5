import { readOverview } from "../backup/overview.ts";
import type { Action } from "../config.ts";
import { createBackup, openBackup } from "../operations/backups.ts";
import type { Context } from "../operations/context.ts";
import {
  cancelOperation,
  getOperation,
  listOperations,
  readActivity,
} from "../operations/operations.ts";
import {
  createRestore,
  planRestoreAgain,
  readRehearsal,
  startRestore,
} from "../operations/restores.ts";
import { type StoredOperation, toOperation } from "../operations/stored-operation.ts";
import { describeUpload } from "../operations/uploads/describe-upload.ts";
import type { Actor, Overview, StoredUpload } from "../shared/api.ts";
import {
  activityFilterSchema,
  createBackupSchema,
  createRestoreSchema,
  knownOperationSchema,
  planRestoreSchema,
  startRestoreSchema,
} from "../shared/requests.ts";
import { readBody, readQuery } from "./read-body.ts";
import { json } from "./responses.ts";

interface Call {
  context: Context;
  request: Request;
  actor: Actor;
  /** The value of `:id` in the path. Empty if the path has none. */
  id: string;
}

interface Route {
  /** The action that `authorize` is asked about. */
  action: Action;
  methods: readonly string[];
  /** Below the mount's `/api`. */
  path: string;
  handle(call: Call): Promise<Response>;
}

const toJson = ({ config }: Context, operation: StoredOperation, status?: number): Response =>
  json(toOperation(operation, config), status);

const route = (action: Action, methods: string, path: string, handle: Route["handle"]): Route => ({
  action,
  methods: methods.split(" "),
  path,
  handle,
});

/** Every route. The tests iterate over this list. */
export const ROUTES: readonly Route[] = [
  route("view", "GET", "overview", async ({ context, actor }) => {
    const { maxUploadBytes, policy } = context.config;
    const overview = await readOverview(context.database, context.models);
    return json({ ...overview, limits: { maxUploadBytes }, policy, actor } satisfies Overview);
  }),
  route("view", "GET", "operations", async ({ context }) => json(await listOperations(context))),
  route("view", "GET", "activity", async ({ context, request }) =>
    json(await readActivity(context, readQuery(request, activityFilterSchema))),
  ),
  route("view", "GET", "operations/:id", async ({ context, request, id }) => {
    const { state, startedAt = null } = readQuery(request, knownOperationSchema);
    const known = state ? { state, startedAt } : null;
    const { plan, ...rest } = toOperation(await getOperation(context, id, known), context.config);
    const isKnown = rest.state === known?.state && rest.startedAt === known.startedAt;
    return json(isKnown ? rest : { ...rest, plan });
  }),
  route("view", "POST", "operations/:id/cancel", async ({ context, actor, id }) =>
    toJson(context, await cancelOperation(context, actor, id)),
  ),
  route("backup", "POST", "backups", async ({ context, request, actor }) => {
    const body = await readBody(request, createBackupSchema);
    return toJson(context, await createBackup(context, actor, body), 201);
  }),
  route("backup", "GET", "backups/:id/archive", async ({ context, actor, id }) => {
    const { archive, fileName } = await openBackup(context, actor, id);
    return new Response(archive, {
      headers: {
        "Content-Type": "application/zip",
        "Content-Disposition": `attachment; filename="${fileName}"`,
        // Otherwise a proxy might buffer the whole archive before it forwards anything.
        "X-Accel-Buffering": "no",
      },
    });
  }),
  route("upload", "POST OPTIONS", "uploads", ({ context, request, actor }) =>
    context.uploads.receive(request, actor, undefined),
  ),
  route("upload", "GET", "uploads/:id", async ({ context, actor, id }) => {
    const { path } = await context.uploads.find(id, actor);
    return json((await describeUpload(path)) satisfies StoredUpload);
  }),
  route("upload", "HEAD PATCH DELETE OPTIONS", "uploads/:id", ({ context, request, actor, id }) =>
    context.uploads.receive(request, actor, id),
  ),
  route("unlock", "POST", "restores", async ({ context, request, actor }) => {
    const body = await readBody(request, createRestoreSchema);
    return toJson(context, await createRestore(context, actor, body), 201);
  }),
  route("unlock", "POST", "restores/:id/plan", async ({ context, request, actor, id }) => {
    const body = await readBody(request, planRestoreSchema);
    return toJson(context, await planRestoreAgain(context, actor, id, body), 202);
  }),
  route("unlock", "GET", "restores/:id/rehearsal", async ({ context, actor, id }) =>
    json(await readRehearsal(context, actor, id)),
  ),
  route("restore", "POST", "restores/:id/start", async ({ context, request, actor, id }) => {
    const body = await readBody(request, startRestoreSchema);
    return toJson(context, await startRestore(context, actor, id, body), 202);
  }),
];
