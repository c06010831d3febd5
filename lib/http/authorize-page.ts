import type { Config } from "../config.ts";
import type { Actor } from "../shared/api.ts";
import { nextAddress, withCallback, withNextBasePath } from "../shared/next-address.ts";
import { toBackupError } from "../to-backup-error.ts";
import { authorizeRequest } from "./authorize-request.ts";

export interface PageProps {
  params: Promise<{ view?: string[] | undefined }>;
}

/**
 * What the page renders: the panel's properties, or the refusal's. Each variant names the other's property, since
 * TypeScript tells them apart by `allowed` only with `strictNullChecks`.
 */
export type AuthorizedPage =
  | {
      allowed: true;
      panel: { basePath: string; view: string[]; actor: Actor };
      signInPath?: undefined;
    }
  | { allowed: false; signInPath: string; panel?: undefined };

/**
 * Lets only those see the page who may: whoever is not signed in, or has to sign in again, is sent there and back; a
 * person without the right gets Next's own 403 where the app has `experimental.authInterrupts`.
 *
 * @returns never, where Next redirects or refuses
 */
export async function authorizePage(
  config: Config,
  { params }: PageProps,
): Promise<AuthorizedPage> {
  // Only here, so that a script without Next can load what is beside it.
  const { headers } = await import("next/headers");
  const navigation = await import("next/navigation");
  const { basePath } = config;
  const { view = [] } = await params;
  const path = [basePath, ...view.map(encodeURIComponent)].join("/");
  const signInPath = withCallback(config, nextAddress(path));
  // A page is given no Request. Nobody but `authorize` reads this one, for its headers.
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
    // The app has not enabled it, or its Next does not have it: the page itself says so, with status 200.
  }
  return {
    allowed: false,
    signInPath: withNextBasePath(signInPath),
  };
}
