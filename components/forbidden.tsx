import { ShieldX } from "lucide-react";
import { Frame } from "./common/frame.tsx";
import { Button } from "./ui/button.tsx";

export interface BackupAdminForbiddenProps {
  /** Where another account can be signed in. */
  signInPath: string;
}

/** For a person who is signed in, but may not make or restore backups. */
export function BackupAdminForbidden({ signInPath }: BackupAdminForbiddenProps) {
  return (
    <Frame>
      <div className="mx-auto grid max-w-md justify-items-center gap-4 py-16 text-center">
        <ShieldX aria-hidden className="size-10 text-pba-muted" strokeWidth={1.5} />
        <h1 className="text-xl font-semibold tracking-tight">You may not use backups</h1>
        <p className="text-sm text-pba-muted">
          A backup holds every row of the database, so only certain people may make or restore one.
          Your account is not among them. If you need a backup, ask an administrator of this app.
        </p>
        <Button asChild>
          <a href={signInPath}>Sign in with another account</a>
        </Button>
      </div>
    </Frame>
  );
}
