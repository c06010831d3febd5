import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { StandbyNotice } from "../common/standby-notice.tsx";
import { usePanel } from "../panel-context.tsx";
import { Notice } from "../ui/notice.tsx";
import { CheckAndUpload } from "./check-and-upload.tsx";
import { ChooseFile } from "./choose-file.tsx";
import { forgetBackup, useChosenBackup } from "./chosen-file-store.ts";
import { RestoreHeader } from "./restore-header.tsx";
import { type RestorePlace, useRestorePlace } from "./restore-place.ts";
import { loadUpload } from "./use-upload.ts";

/** From the choice of a file until the restore exists on the server. @param place the step that was requested */
export function RestoreView({ place: loaded }: { place: RestorePlace }) {
  const { place, goTo } = useRestorePlace(loaded);
  const backup = useChosenBackup();
  const [isCreated, setIsCreated] = useState(false);
  // Coming back to the first step starts with a new choice.
  useEffect(() => {
    if (place === "choose") forgetBackup();
  }, [place]);
  useEffect(() => {
    // By the time that it is needed, the browser may be offline.
    loadUpload().catch(() => undefined);
  }, []);
  if (backup && place !== "choose") {
    const isUploading = place === "upload" && backup.upload === "begun";
    const onCreated = () => setIsCreated(true);
    return <CheckAndUpload {...{ backup, isUploading, goTo, onCreated }} />;
  }
  if (isCreated) {
    return <RestoreHeader page="restore/file" step="upload" title="The check begins" />;
  }
  return (
    <Choose
      isAgain={place !== "choose"}
      onChosen={() => goTo("inside", place === "choose" ? "push" : "replace")}
    />
  );
}

interface ChooseProps {
  /** After going back or a reload, which clear the file and its passphrase or private key. */
  isAgain: boolean;
  onChosen: () => void;
}

function Choose({ isAgain, onChosen }: ChooseProps) {
  const { queries } = usePanel();
  const { data } = useQuery(queries.overview);
  return (
    <>
      <RestoreHeader
        page="restore"
        step="choose"
        title="Restore a backup"
        description="Nothing in the database changes before you confirm it."
      />
      {data?.database.isStandby && <StandbyNotice />}
      {isAgain && (
        <Notice>
          <p>Going back or reloading cleared your file. Choose it again.</p>
        </Notice>
      )}
      <ChooseFile onChosen={onChosen} />
    </>
  );
}
