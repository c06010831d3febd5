import { Frame } from "./common/frame.tsx";
import { Button } from "./ui/button.tsx";
import { ShieldX } from "./ui/icons.ts";

export interface BackupAdminForbiddenProps {
  /** Address of the page for signing in with another account, as the browser requests it, with Next's `basePath`. */
  signInPath: string;
}

/** Shown to a person who is signed in but may not make or restore backups. */
export function BackupAdminForbidden({ signInPath }: BackupAdminForbiddenProps) {
  return (
    <Frame>
      <div className="pba:mx-auto pba:grid pba:max-w-md pba:justify-items-center pba:gap-4 pba:py-16 pba:text-center">
        <ShieldX aria-hidden className="pba:size-10 pba:text-muted pba:stroke-[1.5]" />
        <h1 className="pba:text-xl pba:font-semibold pba:tracking-tight">
          You may not use backups
        </h1>
        <p className="pba:text-sm pba:text-muted">
          A backup holds every row of the database, so only some people may make or restore one.
          Your account may not. If you need a backup, ask an administrator of this app.
        </p>
        <Button asChild>
          <a href={signInPath}>Sign in with another account</a>
        </Button>
      </div>
    </Frame>
  );
}
