import type { Config } from "../config.ts";
import { BackupError } from "../errors.ts";
import { report } from "../operations/context.ts";
import type { Actor } from "../shared/api.ts";

/**
 * Asks the host who sends the request. Whatever is not a clear yes is a no.
 *
 * @throws UNAUTHENTICATED, FORBIDDEN
 */
export async function authorizeRequest(
  config: Pick<Config, "authorize" | "logger">,
  request: Request,
): Promise<Actor> {
  const visitor = await ask(config, request);
  if (visitor === null || visitor === undefined) {
    throw new BackupError("UNAUTHENTICATED", "Nobody is signed in.", {
      hint: "Sign in, then try again. What the server has begun goes on.",
    });
  }
  const { id, name, allowed } = visitor;
  if (allowed !== true || typeof id !== "string" || id === "") {
    throw new BackupError("FORBIDDEN", "You may not make or restore backups.", {
      hint: "Ask an administrator of this app for the right, or sign in with another account.",
    });
  }
  return { id, name: typeof name === "string" && name !== "" ? name : id };
}

async function ask({ authorize, logger }: Pick<Config, "authorize" | "logger">, request: Request) {
  try {
    return await authorize(request);
  } catch (error) {
    report({ logger }, "authorize threw, so access is denied", error);
    throw new BackupError("FORBIDDEN", "It cannot be told who you are, so access is denied.", {
      hint: "Try again. If it stays so, the server's log has the details.",
      cause: error,
    });
  }
}
