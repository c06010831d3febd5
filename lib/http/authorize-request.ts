import { type Action, type Config, PATH_OR_URL, type Visitor } from "../config.ts";
import { BackupError } from "../errors.ts";
import { logError } from "../operations/log-error.ts";
import type { Actor } from "../shared/api.ts";
import { settledOrRemembered } from "./remembered-visitors.ts";

type Asking = Pick<Config, "authorize" | "logger" | "basePath" | "callbackParam">;

/** Anything but an explicit yes of the host app is refused. @throws UNAUTHENTICATED, FORBIDDEN, REAUTHENTICATE */
export async function authorizeRequest(
  config: Asking,
  request: Request,
  action: Action,
): Promise<Actor> {
  const visitor = await settledOrRemembered(config, request, action, () =>
    ask(config, request, action),
  );
  if (visitor === null || visitor === undefined) {
    throw new BackupError("UNAUTHENTICATED", "You are not signed in.", {
      hint: "Sign in, then try again. Operations that the server has begun go on.",
    });
  }
  const { id, name, allowed } = visitor;
  if (allowed !== true || typeof id !== "string" || id === "") {
    throw toReauthenticate(config, visitor) ?? forbidden();
  }
  return { id, name: typeof name === "string" && name !== "" ? name : id };
}

const forbidden = (): BackupError =>
  new BackupError("FORBIDDEN", "You may not do this. Nothing was changed.", {
    hint: "Ask an administrator of this app for the right, or sign in with another account.",
  });

function toReauthenticate(
  { logger, callbackParam }: Asking,
  { allowed, reauthenticate }: Visitor,
): BackupError | null {
  if (allowed !== false || reauthenticate === undefined || reauthenticate === null) return null;
  if (typeof reauthenticate !== "string" || !PATH_OR_URL.test(reauthenticate)) {
    const error = new Error("`reauthenticate` must be a path or an http(s) URL.");
    logError({ logger }, "authorize gave no address, so access is denied", error);
    return null;
  }
  return new BackupError("REAUTHENTICATE", "This needs a fresh sign-in. Nothing was changed.", {
    hint: "Confirm that it is you, then try again.",
    details: { path: reauthenticate, callbackParam },
  });
}

async function ask({ authorize, logger }: Asking, request: Request, action: Action) {
  try {
    return await authorize(request, { action });
  } catch (error) {
    logError({ logger }, "authorize threw, so access is denied", error);
    throw new BackupError("FORBIDDEN", "The app could not tell who you are, so access is denied.", {
      hint: "Try again. If it stays so, the server's log has the details.",
      cause: error,
    });
  }
}
