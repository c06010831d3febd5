import { useState } from "react";
import type { EncryptionMode, Operation, SafetyBackup } from "../../lib/shared/api.ts";
import { formatBytes, formatMoment } from "../../lib/shared/format.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Undo2 } from "../ui/icons.ts";
import { ReopenForm } from "./reopen-form.tsx";

/** Offers to undo a restore that changed something, or says why that is impossible. */
export function UndoRestore({ operation }: { operation: Operation }) {
  const { kind, changed, safetyBackup, state } = operation;
  const noun = nounOf(operation);
  if (kind !== "restore" || changed !== "everything" || state === "running") return null;
  if (safetyBackup?.isKept) return <Undo operation={operation} safetyBackup={safetyBackup} />;
  return (
    <Card title="Undo">
      <p className="pba:max-w-prose pba:text-muted">
        {safetyBackup
          ? `The safety backup of this ${noun} was deleted: newer ones replaced it, or it was too old. You can bring back the earlier data only from a backup of your own.`
          : `No safety backup was made before this ${noun}, so you cannot undo it here. You can bring back the earlier data only from a backup of your own.`}
      </p>
    </Card>
  );
}

/** An undo is a restore, and can be undone as well. */
const nounOf = ({ undoes }: Operation) => (undoes ? "undo" : "restore");

const KEYS: Record<EncryptionMode, string> = {
  passphrase: "It opens with the passphrase of the backup that was restored.",
  recipients: "It opens with a private key that opens the backup that was restored.",
  none: "Like the backup that was restored, it is not encrypted.",
};

function Undo({ operation, safetyBackup }: { operation: Operation; safetyBackup: SafetyBackup }) {
  const [isOpen, setIsOpen] = useState(false);
  const { createdAt, keptUntil, sizeBytes, encryption } = safetyBackup;
  const noun = nounOf(operation);
  const label = `Undo ${operation.undoes ? "the" : "this"} ${noun}`;
  return (
    <Card title={label}>
      <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-4">
        <div className="pba:grid pba:max-w-prose pba:gap-2">
          <p>
            The earlier data was saved on the server just before this {noun},{" "}
            <time dateTime={createdAt}>{formatMoment(createdAt)}</time> ({formatBytes(sizeBytes)}).
            It is kept until <time dateTime={keptUntil}>{formatMoment(keptUntil)}</time> at the
            latest. It is removed earlier if three newer restores have their own. {KEYS[encryption]}
          </p>
          <p className="pba:text-muted">
            The undo is a restore of that backup. The backup is checked, you see what will change,
            and you confirm it. Data that was added since then is lost, unless you make a safety
            backup of it.
          </p>
        </div>
        {isOpen ? (
          <ReopenForm
            source={{ undo: operation.id }}
            encryption={encryption}
            icon={<Undo2 aria-hidden />}
            label="Prepare the undo"
            takesFocus
          />
        ) : (
          <div>
            <Button onClick={() => setIsOpen(true)}>
              <Undo2 aria-hidden />
              {label}
            </Button>
          </div>
        )}
      </div>
    </Card>
  );
}
