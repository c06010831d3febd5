import { useEffect, useRef, useSyncExternalStore } from "react";
import type { Operation } from "../../lib/shared/api.ts";
import { stateLabel, truthOf } from "./operation-wording.ts";

const KEY = "prisma-backup-admin:tell-when-ended";

/** A click can switch `off` to `on`. The last two can only change in the browser's own settings. */
export type NotificationChoice = "on" | "off" | "denied" | "unsupported";

const listeners = new Set<() => void>();
const tellListeners = () => {
  for (const listener of listeners) listener();
};

/** The choice, for browsers that store nothing for this site, for example in a private window. */
let forThisPage: string | null = null;
function remember(value: string): void {
  forThisPage = value;
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // The choice then holds until the page is closed or reloaded.
  }
}
function recall(): string | null {
  try {
    return localStorage.getItem(KEY) ?? forThisPage;
  } catch {
    return forThisPage;
  }
}

function choice(): NotificationChoice {
  if (!("Notification" in window)) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && recall() === "on" ? "on" : "off";
}

/** Asks for the browser's permission, which the browser grants only after a click. */
async function switchTo(isOn: boolean): Promise<void> {
  if (isOn && Notification.permission === "default") await Notification.requestPermission();
  remember(isOn && Notification.permission === "granted" ? "on" : "off");
  tellListeners();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  // Fires when another tab changes the choice.
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

export function useNotificationChoice() {
  const state = useSyncExternalStore(subscribe, choice, () => "unsupported" as const);
  return { state, switchTo };
}

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
  const body = state === "ready" ? "It is checked and waits for you." : truthOf(operation);
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
