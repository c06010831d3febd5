import { type BackupAdminOptions, parseConfig } from "../config.ts";
import { requireNode } from "../require-node.ts";
import { type AuthorizedPage, authorizePage, type PageProps } from "./authorize-page.ts";
import { createHandlers, type RouteHandlers } from "./handlers.ts";

export interface BackupAdmin {
  /** For `api/[...route]/route.ts` below the mount: `export const { GET, HEAD, POST, PATCH, DELETE, OPTIONS } = …`. */
  readonly handlers: RouteHandlers;
  /** For `[[...view]]/page.tsx` at the mount. Await it before you render anything. */
  authorizePage(props: PageProps): Promise<AuthorizedPage>;
}

/** Opens no connection. @throws BackupError CONFIG_INVALID: no `authorize`, a wrong option, or Node.js is too old */
export function createBackupAdmin(options: BackupAdminOptions): BackupAdmin {
  requireNode();
  const config = parseConfig(options);
  return {
    handlers: createHandlers(config),
    authorizePage: (props) => authorizePage(config, props),
  };
}
