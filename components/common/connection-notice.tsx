import { onlineManager } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { Notice } from "../ui/notice.tsx";

const subscribe = (listener: () => void) => onlineManager.subscribe(listener);

const useIsOnline = () =>
  useSyncExternalStore(
    subscribe,
    () => onlineManager.isOnline(),
    () => true,
  );

/** Shows a notice while the browser is offline. The queries resume by themselves. */
export function ConnectionNotice() {
  const isOnline = useIsOnline();
  return (
    <div aria-live="polite" className="pba:empty:hidden">
      {!isOnline && (
        <Notice tone="warn" title="You are offline">
          <p>
            This page may be out of date. The server goes on with its work, and this page is updated
            when the connection is back.
          </p>
        </Notice>
      )}
    </div>
  );
}
