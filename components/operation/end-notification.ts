import { useEffect, useRef, useSyncExternalStore } from "react";
import type { Operation } from "../../lib/shared/api.ts";
import { stateLabel, truthOf } from "./operation-wording.ts";

const KEY = "prisma-backup-admin:tell-when-ended";

/** `off` may be switched on; of the other two only the browser's own settings can make anything. */
export type NotificationChoice = "on" | "off" | "denied" | "unsupported";

const listeners = new Set<() => void>();
const tellListeners = () => {
  for (const listener of listeners) listener();
};

/** A browser may keep nothing for this site, as in a private window. */
let forThisPage: string | null = null;
function remember(value: string): void {
  forThisPage = value;
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // It holds for this page then.
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

/** Asks for the browser's permission, which it gives on a click only. */
async function switchTo(isOn: boolean): Promise<void> {
  if (isOn && Notification.permission === "default") await Notification.requestPermission();
  remember(isOn && Notification.permission === "granted" ? "on" : "off");
  tellListeners();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  // Another tab has switched it.
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

/** Shows a notification of the browser when an operation that this page has seen running no longer does. */
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
    // Of one operation one notification, from however many tabs.
    const notification = new Notification(title, { body, tag: `prisma-backup-admin ${id}` });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
  } catch {
    // Browsers of phones only let a service worker show any. The title says it as well.
  }
}
