import { usePathname } from "next/navigation";
import { nextAddress } from "../../lib/shared/next-address.ts";
import { usePanel } from "../panel-context.tsx";

/** The steps before the restore exists on the server. */
export type RestorePlace = "choose" | "inside" | "upload";

interface Steps {
  place: RestorePlace;
  goTo: (place: RestorePlace, how?: "push" | "replace") => void;
}

/**
 * The current step, and the way to another. It asks nothing of the server: while the browser is offline, its own error
 * page would take the place of this one, and the file and its passphrase would be lost.
 *
 * @param loaded the step that the server answered with
 */
export function useRestorePlace(loaded: RestorePlace): Steps {
  const { paths } = usePanel();
  const pathname = usePathname();
  const places = {
    choose: paths.restore,
    inside: paths.restoreInside,
    upload: paths.restoreUpload,
  };
  const isShown = (place: RestorePlace) => places[place] === pathname?.replace(/\/$/, "");
  return {
    // A host may show the panel at another address than its own, which is then none of these.
    place: (["choose", "inside", "upload"] as const).find(isShown) ?? loaded,
    goTo(place, how = "replace") {
      window.history[`${how}State`](null, "", nextAddress(places[place]));
    },
  };
}
