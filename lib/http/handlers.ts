import type { Config } from "../config.ts";
import { BackupError } from "../errors.ts";
import type { Context } from "../operations/context.ts";
import { logError } from "../operations/log-error.ts";
import { openContext } from "../operations/open-context.ts";
import { toBackupError } from "../to-backup-error.ts";
import { authorizeRequest } from "./authorize-request.ts";
import { rememberVisitor } from "./remembered-visitors.ts";
import { errorResponse, secure } from "./responses.ts";
import { ROUTES } from "./routes.ts";
import { requireSameOrigin } from "./same-origin.ts";

/** As Next passes it to a route handler. `params` has the catch-all route's segments under any name. */
interface RouteContext {
  params: Promise<Record<string, string | string[] | undefined>>;
}

type RouteHandler = (request: Request, context: RouteContext) => Promise<Response>;

export const METHODS = ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"] as const;
export type RouteHandlers = Record<(typeof METHODS)[number], RouteHandler>;

/** Makes the handlers of `api/[...route]/route.ts`. They connect to nothing before the first authorized request. */
export function createHandlers(config: Config): RouteHandlers {
  let opening: Promise<Context> | undefined;
  const open = (): Promise<Context> => {
    opening ??= openContext(config).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  const handle: RouteHandler = async (request, { params }) => {
    let response: Response;
    try {
      const segments = Object.values(await params).find(Array.isArray) ?? [];
      const found = findRoute(request.method, segments);
      // Only people who may see the page learn that an address does not exist.
      const action = found instanceof BackupError ? "view" : found.route.action;
      const actor = await authorizeRequest(config, request, action);
      requireSameOrigin(request);
      if (found instanceof BackupError) throw found;
      const context = await open();
      if (action === "view") rememberVisitor(context, request, { ...actor, allowed: true });
      response = await found.route.handle({ context, request, actor, id: found.id });
    } catch (thrown) {
      logError(config, `${request.method} ${new URL(request.url).pathname}`, thrown);
      response = errorResponse(toBackupError(thrown));
    }
    return secure(response);
  };
  return Object.fromEntries(METHODS.map((method) => [method, handle])) as RouteHandlers;
}

/** @returns NOT_FOUND or METHOD_NOT_ALLOWED if there is no such route */
function findRoute(method: string, segments: string[]) {
  const matching = ROUTES.filter(({ path }) => matches(path.split("/"), segments));
  const route = matching.find(({ methods }) => methods.includes(method));
  // The only parameter of any path is its second segment.
  if (route) return { route, id: route.path.includes(":id") ? (segments[1] ?? "") : "" };
  if (matching.length === 0) return new BackupError("NOT_FOUND", "There is no such address.");
  return new BackupError("METHOD_NOT_ALLOWED", `${method} is not possible here.`, {
    details: { allow: matching.flatMap(({ methods }) => methods).join(", ") },
  });
}

const matches = (pattern: string[], segments: string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every((part, index) => part === ":id" || part === segments[index]);
