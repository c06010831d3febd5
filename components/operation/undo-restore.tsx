import { useMutation } from "@tanstack/react-query";
import { Undo2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Operation, SafetyBackup, Unlock } from "../../lib/shared/api.ts";
import { formatBytes, formatDateTime } from "../../lib/shared/format.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { usePanel } from "../panel-context.tsx";
import { IdentityField } from "../restore/identity-field.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Field } from "../ui/field.tsx";
import { SecretInput } from "../ui/secret-input.tsx";
import { Spinner } from "../ui/spinner.tsx";

/** The way back from a restore that has changed something; or why there is none. */
export function UndoRestore({ operation }: { operation: Operation }) {
  const { kind, changed, safetyBackup, state } = operation;
  if (kind !== "restore" || changed !== "everything" || state === "running") return null;
  if (safetyBackup?.isKept) return <Undo operation={operation} safetyBackup={safetyBackup} />;
  return (
    <Card title="Undo">
      <p className="pba:text-muted">
        {safetyBackup
          ? "What was there before this restore is no longer kept: newer safety backups have taken its place. It can only come back from a backup of your own."
          : "No safety backup was made before this restore, so it cannot be undone here. What was there before can only come back from a backup of your own."}
      </p>
    </Card>
  );
}

interface UndoProps {
  operation: Operation;
  safetyBackup: SafetyBackup;
}

function Undo({ operation, safetyBackup }: UndoProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { createdAt, sizeBytes } = safetyBackup;
  return (
    <Card title="Undo this restore">
      <div className="pba:grid pba:gap-4">
        <div className="pba:grid pba:max-w-prose pba:gap-2">
          <p>
            A backup of what was there was made just before this restore,{" "}
            <time dateTime={createdAt}>{formatDateTime(createdAt)}</time>, and is kept on the server
            ({formatBytes(sizeBytes)}).
          </p>
          <p className="pba:text-muted">
            Undoing restores it: it is checked, you see what will change, and confirm it, as with
            any restore. What was added since then is lost, unless you keep it by a safety backup,
            with which the undo can be undone itself.
          </p>
        </div>
        {isOpen ? (
          <UndoForm operation={operation} safetyBackup={safetyBackup} />
        ) : (
          <div>
            <Button onClick={() => setIsOpen(true)}>
              <Undo2 aria-hidden />
              Undo this restore
            </Button>
          </div>
        )}
      </div>
    </Card>
  );
}

function UndoForm({ operation, safetyBackup: { encryption } }: UndoProps) {
  const { queries, paths } = usePanel();
  const router = useRouter();
  const create = useMutation(queries.createRestore);
  const [passphrase, setPassphrase] = useState("");
  const [identity, setIdentity] = useState("");
  const [isShown, setIsShown] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const unlock: Unlock =
    encryption === "passphrase" ? { passphrase } : encryption === "recipients" ? { identity } : {};
  const isComplete = Object.values(unlock).every((secret) => secret.trim() !== "");
  const { error, isPending, isSuccess } = create;
  useEffect(() => {
    // On opening, and again after a wrong passphrase, what is asked for comes first.
    if (isPending) return;
    const first = "input[name=passphrase], textarea, button[type=submit]";
    form.current?.querySelector<HTMLElement>(first)?.focus();
  }, [isPending]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isComplete || isPending || isSuccess) return;
    create.mutate(
      { undo: operation.id, ...unlock },
      { onSuccess: ({ id }) => router.push(paths.operation(id)) },
    );
  };
  return (
    <form ref={form} onSubmit={submit} className="pba:grid pba:max-w-md pba:gap-4">
      {encryption === "passphrase" && (
        <Field
          label="Passphrase"
          hint="The same that opened the backup you restored. It is used for the check and not stored."
        >
          {(control) => (
            <SecretInput
              {...control}
              name="passphrase"
              autoComplete="current-password"
              value={passphrase}
              onChange={(event) => setPassphrase(event.target.value)}
              isShown={isShown}
              onShow={setIsShown}
            />
          )}
        </Field>
      )}
      {encryption === "recipients" && <IdentityField value={identity} onChange={setIdentity} />}
      {error && <ErrorNotice error={error} />}
      <div className="pba:flex pba:flex-wrap pba:items-center pba:gap-x-4 pba:gap-y-2">
        <Button type="submit" variant="primary" disabled={!isComplete || isPending || isSuccess}>
          {isPending || isSuccess ? <Spinner /> : <Undo2 aria-hidden />}
          Prepare the undo
        </Button>
        <p className="pba:text-muted">Nothing changes yet.</p>
      </div>
    </form>
  );
}
