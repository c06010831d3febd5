import { onlineManager } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { Notice } from "../ui/notice.tsx";

const subscribe = (listener: () => void) => onlineManager.subscribe(listener);

const useIsOnline = () =>
  useSyncExternalStore(
    subscribe,
    () => onlineManager.isOnline(),
    () => true,
  );

/**
 * Stops the panel's links while the browser is offline. Otherwise the browser's own error page takes the place of this
 * one, and what was chosen and typed here is lost.
 */
function useStay(isOnline: boolean): void {
  useEffect(() => {
    if (isOnline) return;
    const stay = (event: MouseEvent) => {
      const link = event.target instanceof Element && event.target.closest(".pba a[href]");
      if (!link || link.hasAttribute("download")) return;
      event.preventDefault();
      event.stopPropagation();
    };
    window.addEventListener("click", stay, { capture: true });
    return () => window.removeEventListener("click", stay, { capture: true });
  }, [isOnline]);
}

/** Shows a notice while the browser is offline. The queries resume by themselves. */
export function ConnectionNotice() {
  const isOnline = useIsOnline();
  useStay(isOnline);
  return (
    <div aria-live="polite" className="pba:empty:hidden">
      {!isOnline && (
        <Notice tone="warn" title="You are offline">
          <p>
            This page may be out of date. The server goes on with its work, and this page is updated
            when the connection is back. Until then, links do nothing, so that you lose nothing.
          </p>
        </Notice>
      )}
    </div>
  );
}
