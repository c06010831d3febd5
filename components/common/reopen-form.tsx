import { useRouter } from "next/navigation";
import { type FormEvent, type ReactNode, useEffect, useRef } from "react";
import type { CreateRestore, EncryptionMode, Unlock } from "../../lib/shared/api.ts";
import { usePanel } from "../panel-context.tsx";
import { UnlockFields, useUnlockDraft } from "../restore/unlock-fields.tsx";
import { Button } from "../ui/button.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";
import { ErrorNotice } from "./error-notice.tsx";

interface ReopenFormProps {
  /** The upload or safety backup, which is already on the server. */
  source: Omit<CreateRestore, keyof Unlock>;
  encryption: EncryptionMode;
  isOriginal?: boolean;
  icon: ReactNode;
  label: string;
  /** Whether the first field gets the focus at once. */
  takesFocus?: boolean;
}

/** Unlocks an archive that is already on the server, then opens the new restore. */
export function ReopenForm(props: ReopenFormProps) {
  const { source, encryption, isOriginal = false, icon, label, takesFocus = false } = props;
  const { queries, paths } = usePanel();
  const router = useRouter();
  const create = usePromptMutation(queries.createRestore);
  const draft = useUnlockDraft(encryption);
  const form = useRef<HTMLFormElement>(null);
  const { error } = create;
  const isBusy = create.isPending || create.isSuccess;
  const wantsFocus = takesFocus || error !== null;
  useEffect(() => {
    // After a wrong passphrase, the person can type it again at once.
    if (isBusy || !wantsFocus) return;
    const first = "input[name=passphrase], textarea, button[type=submit]";
    form.current?.querySelector<HTMLElement>(first)?.focus();
  }, [isBusy, wantsFocus]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!draft.isComplete || isBusy) return;
    create.mutate(
      { ...source, ...draft.unlock },
      { onSuccess: ({ id }) => router.push(paths.operation(id)) },
    );
  };
  return (
    <form ref={form} onSubmit={submit} className="pba:grid pba:gap-4">
      <UnlockFields
        draft={draft}
        isOriginal={isOriginal}
        which={source.undo ? SAFETY_BACKUP : undefined}
        promise="It is used for the check and not stored."
      />
      {error && <ErrorNotice error={error} />}
      <div className="pba:flex pba:flex-wrap pba:items-center pba:gap-x-4 pba:gap-y-2">
        <Button type="submit" variant="primary" disabled={!draft.isComplete || isBusy}>
          {isBusy ? <Spinner /> : icon}
          {label}
        </Button>
        <p className="pba:text-muted">Nothing changes yet.</p>
      </div>
    </form>
  );
}

/** A safety backup has no passphrase of its own. */
const SAFETY_BACKUP = "The passphrase of the backup that was restored.";
