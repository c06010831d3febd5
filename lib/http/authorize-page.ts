import type { Config } from "../config.ts";
import type { Actor } from "../shared/api.ts";
import { nextAddress, withCallback, withNextBasePath } from "../shared/next-address.ts";
import { toBackupError } from "../to-backup-error.ts";
import { authorizeRequest } from "./authorize-request.ts";

export interface PageProps {
  params: Promise<{ view?: string[] | undefined }>;
}

/**
 * What the page renders: the panel's properties or the refusal's. Each variant also names the other's property, because
 * TypeScript distinguishes them by `allowed` only with `strictNullChecks`.
 */
export type AuthorizedPage =
  | {
      allowed: true;
      panel: { basePath: string; view: string[]; actor: Actor };
      signInPath?: undefined;
    }
  | { allowed: false; signInPath: string; panel?: undefined };

/**
 * Lets only authorized people see the page. People who are not signed in, or have to sign in again, are redirected to
 * the sign-in and then back. A person without the right gets Next's own 403 if the app has
 * `experimental.authInterrupts`.
 *
 * @returns never, if Next redirects or refuses
 */
export async function authorizePage(
  config: Config,
  { params }: PageProps,
): Promise<AuthorizedPage> {
  // Import them here, so that a script without Next can load the rest of this module.
  const { headers } = await import("next/headers");
  const navigation = await import("next/navigation");
  const { basePath } = config;
  const { view = [] } = await params;
  const path = [basePath, ...view.map(encodeURIComponent)].join("/");
  const signInPath = withCallback(config, nextAddress(path));
  // A page is given no Request. Only `authorize` reads this one, for its headers.
  const url = new URL(path, "http://localhost");
  const request = new Request(url, { headers: new Headers(await headers()) });
  try {
    const actor = await authorizeRequest(config, request, "view");
    return { allowed: true, panel: { basePath, view, actor } };
  } catch (error) {
    const { code, details } = toBackupError(error);
    if (code === "UNAUTHENTICATED") return navigation.redirect(signInPath);
    if (code === "REAUTHENTICATE") {
      const { callbackParam } = config;
      const again = { signInPath: String(details?.path), callbackParam };
      return navigation.redirect(withCallback(again, nextAddress(path)));
    }
  }
  try {
    navigation.forbidden();
  } catch (error) {
    navigation.unstable_rethrow(error);
    // The app has not enabled `forbidden()`, or its Next lacks it. Then the page itself shows the refusal, with status
    // 200.
  }
  return { allowed: false, signInPath: withNextBasePath(signInPath) };
}
