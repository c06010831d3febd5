import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { PageHeader } from "../common/page-header.tsx";
import { StandbyNotice } from "../common/standby-notice.tsx";
import { useHeadingFocus } from "../common/use-heading-focus.ts";
import { usePanel } from "../panel-context.tsx";
import { ChooseFile } from "./choose-file.tsx";
import { forgetBackup } from "./chosen-file-store.ts";
import { RestoreSteps } from "./restore-steps.tsx";

/** The first step: choose a file. */
export function RestoreView() {
  const { paths, queries } = usePanel();
  const router = useRouter();
  const { data } = useQuery(queries.overview);
  const around = useHeadingFocus("restore");
  // Coming back to this page starts with a new choice.
  useEffect(forgetBackup, []);
  return (
    <>
      <div ref={around} className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-5">
        <PageHeader
          back
          title="Restore a backup"
          description="First choose the backup. Nothing is uploaded until you say so. Nothing in the database changes before you confirm it at the end."
        />
        <RestoreSteps current="choose" />
      </div>
      {data?.database.isStandby && <StandbyNotice />}
      <ChooseFile onChosen={() => router.push(paths.restoreInside)} />
    </>
  );
}
