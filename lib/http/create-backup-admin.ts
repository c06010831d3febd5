import { type BackupAdminOptions, parseConfig } from "../config.ts";
import { requireNode } from "../require-node.ts";
import { type AuthorizedPage, authorizePage, type PageProps } from "./authorize-page.ts";
import { createHandlers, type RouteHandlers } from "./handlers.ts";

export interface BackupAdmin {
  /** For `api/[...route]/route.ts` below the mount: `export const { GET, HEAD, POST, PATCH, DELETE, OPTIONS } = …`. */
  readonly handlers: RouteHandlers;
  /** For `[[...view]]/page.tsx` at the mount. To be awaited before anything is rendered. */
  authorizePage(props: PageProps): Promise<AuthorizedPage>;
}

/**
 * The one thing that an app calls. Opens no connection.
 *
 * @throws BackupError CONFIG_INVALID, where `authorize` is missing, an option is wrong, or Node.js is too old
 */
export function createBackupAdmin(options: BackupAdminOptions): BackupAdmin {
  requireNode();
  const config = parseConfig(options);
  return {
    handlers: createHandlers(config),
    authorizePage: (props) => authorizePage(config, props),
  };
}
