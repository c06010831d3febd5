import { useEffect, useRef } from "react";
import type { Operation } from "../../lib/shared/api.ts";
import { stateLabel, truthOf } from "../common/operation-wording.ts";
import { createExternalState, createRemembered } from "../external-state.ts";

/** A click can switch `off` to `on`. The last two can only change in the browser's own settings. */
export type NotificationChoice = "on" | "off" | "denied" | "unsupported";

const chosen = createRemembered(() => localStorage, "prisma-backup-admin:tell-when-ended");
const state = createExternalState((onChange) => {
  // Fires when another tab changes the choice.
  window.addEventListener("storage", onChange);
  return () => window.removeEventListener("storage", onChange);
});

function choice(): NotificationChoice {
  if (!("Notification" in window)) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && chosen.read() === "on" ? "on" : "off";
}

/** Asks for the browser's permission, which the browser grants only after a click. */
async function switchTo(isOn: boolean): Promise<void> {
  if (isOn && Notification.permission === "default") await Notification.requestPermission();
  chosen.write(isOn && Notification.permission === "granted" ? "on" : "off");
  state.changed();
}

export const useNotificationChoice = () => ({
  state: state.useValue<NotificationChoice>(choice, "unsupported"),
  switchTo,
});

/** Shows a browser notification when an operation that this page saw running is no longer running. */
export function useEndNotification(operation: Operation | undefined): void {
  const ran = useRef(false);
  useEffect(() => {
    if (!operation) return;
    if (operation.state === "running") {
      ran.current = true;
      return;
    }
    if (!ran.current) return;
    ran.current = false;
    if (choice() === "on") notify(operation);
  }, [operation]);
}

function notify(operation: Operation): void {
  const { id, kind, state } = operation;
  const title = `${kind === "backup" ? "Backup" : "Restore"}: ${stateLabel(operation)}`;
  const body =
    state === "ready"
      ? "The backup is checked. You can go on with the restore."
      : truthOf(operation);
  try {
    // The tag keeps it to one notification per operation, even from several tabs.
    const notification = new Notification(title, { body, tag: `prisma-backup-admin ${id}` });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
  } catch {
    // On phones, only a service worker may show notifications. The page's title says it as well.
  }
}
