import type { RestorePlan } from "../../lib/shared/api.ts";
import { formatBytes } from "../../lib/shared/format.ts";
import { Card } from "../ui/card.tsx";
import { CheckField } from "../ui/check-field.tsx";
import { Notice } from "../ui/notice.tsx";

interface SafetyCardProps {
  plan: RestorePlan;
  isUndo: boolean;
  keeps: boolean;
  onChange: (keeps: boolean) => void;
}

/** Asks whether the current data is saved first, or says why it cannot be. */
export function SafetyCard({ plan, isUndo, keeps, onChange }: SafetyCardProps) {
  const { safetyBackup: safety, tables } = plan;
  if (!safety) return null;
  const what = isUndo ? "this undo" : "this restore";
  if (!safety.possible) {
    // Data that cannot be read cannot be backed up by hand either.
    const isDamaged = tables.some((table) => table.isDamaged);
    return (
      <Notice tone="warn" title={`No safety backup can be made, so you cannot undo ${what}.`}>
        <p>{safety.message}</p>
        {!isDamaged && <p>If you may need the current data again, make a backup first.</p>}
      </Notice>
    );
  }
  return (
    <Card>
      <CheckField
        label={`Save the current data first, so that you can undo ${isUndo ? "this as well" : what}`}
        hint={
          <>
            <p>
              {safety.message} It needs at most {formatBytes(safety.neededBytes)};{" "}
              {formatBytes(safety.freeBytes)} are free.
            </p>
            {!keeps && (
              <p role="status" className="pba:mt-1 pba:font-medium pba:text-warn">
                Without a safety backup, you cannot undo {what}.
              </p>
            )}
          </>
        }
        checked={keeps}
        onChange={onChange}
      />
    </Card>
  );
}
