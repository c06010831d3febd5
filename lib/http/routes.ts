import { readOverview } from "../backup/overview.ts";
import type { Action } from "../config.ts";
import { readActivity } from "../operations/activity.ts";
import { createBackup, openBackup } from "../operations/backups.ts";
import type { Context } from "../operations/context.ts";
import { cancelOperation, getOperation, listOperations } from "../operations/operations.ts";
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

/** Every route. The tests iterate over this list. */
export const ROUTES: readonly Route[] = [
  {
    action: "view",
    methods: ["GET"],
    path: "overview",
    async handle({ context, actor }) {
      const { maxUploadBytes, policy } = context.config;
      const overview = await readOverview(context.database, context.models);
      return json({ ...overview, limits: { maxUploadBytes }, policy, actor } satisfies Overview);
    },
  },
  {
    action: "view",
    methods: ["GET"],
    path: "operations",
    handle: async ({ context }) => json(await listOperations(context)),
  },
  {
    action: "view",
    methods: ["GET"],
    path: "activity",
    handle: async ({ context, request }) =>
      json(await readActivity(context, readQuery(request, activityFilterSchema))),
  },
  {
    action: "view",
    methods: ["GET"],
    path: "operations/:id",
    async handle({ context, request, id }) {
      const { state, startedAt = null } = readQuery(request, knownOperationSchema);
      const known = state ? { state, startedAt } : null;
      const { plan, ...rest } = toOperation(await getOperation(context, id, known), context.config);
      const isKnown = rest.state === known?.state && rest.startedAt === known.startedAt;
      return json(isKnown ? rest : { ...rest, plan });
    },
  },
  {
    action: "view",
    methods: ["POST"],
    path: "operations/:id/cancel",
    handle: async ({ context, actor, id }) =>
      toJson(context, await cancelOperation(context, actor, id)),
  },
  {
    action: "backup",
    methods: ["POST"],
    path: "backups",
    async handle({ context, request, actor }) {
      const body = await readBody(request, createBackupSchema);
      return toJson(context, await createBackup(context, actor, body), 201);
    },
  },
  {
    action: "backup",
    methods: ["GET"],
    path: "backups/:id/archive",
    async handle({ context, actor, id }) {
      const { archive, fileName } = await openBackup(context, actor, id);
      return new Response(archive, {
        headers: {
          "Content-Type": "application/zip",
          "Content-Disposition": `attachment; filename="${fileName}"`,
          // Otherwise a proxy might buffer the whole archive before it forwards anything.
          "X-Accel-Buffering": "no",
        },
      });
    },
  },
  {
    action: "upload",
    methods: ["POST", "OPTIONS"],
    path: "uploads",
    handle: ({ context, request, actor }) => context.uploads.receive(request, actor, undefined),
  },
  {
    action: "upload",
    methods: ["GET"],
    path: "uploads/:id",
    async handle({ context, actor, id }) {
      const { path } = await context.uploads.find(id, actor);
      return json((await describeUpload(path)) satisfies StoredUpload);
    },
  },
  {
    action: "upload",
    methods: ["HEAD", "PATCH", "DELETE", "OPTIONS"],
    path: "uploads/:id",
    handle: ({ context, request, actor, id }) => context.uploads.receive(request, actor, id),
  },
  {
    action: "unlock",
    methods: ["POST"],
    path: "restores",
    async handle({ context, request, actor }) {
      const body = await readBody(request, createRestoreSchema);
      return toJson(context, await createRestore(context, actor, body), 201);
    },
  },
  {
    action: "unlock",
    methods: ["POST"],
    path: "restores/:id/plan",
    async handle({ context, request, actor, id }) {
      const body = await readBody(request, planRestoreSchema);
      return toJson(context, await planRestoreAgain(context, actor, id, body), 202);
    },
  },
  {
    action: "unlock",
    methods: ["GET"],
    path: "restores/:id/rehearsal",
    handle: async ({ context, actor, id }) => json(await readRehearsal(context, actor, id)),
  },
  {
    action: "restore",
    methods: ["POST"],
    path: "restores/:id/start",
    async handle({ context, request, actor, id }) {
      const body = await readBody(request, startRestoreSchema);
      return toJson(context, await startRestore(context, actor, id, body), 202);
    },
  },
];
