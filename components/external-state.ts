import { useSyncExternalStore } from "react";

export interface ExternalState {
  /** Tells the components that use the state that it has changed. */
  changed: () => void;
  /** What `read` returns now, and after each change. */
  useValue: <Value>(read: () => Value, onServer: Value) => Value;
}

/**
 * State that lives outside of React, for as long as the page does.
 *
 * @param watch calls back if something else changes the state, and returns a function that stops this
 */
export function createExternalState(watch?: (onChange: () => void) => () => void): ExternalState {
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    const stop = watch?.(listener);
    return () => {
      listeners.delete(listener);
      stop?.();
    };
  };
  return {
    changed: () => {
      for (const listener of listeners) listener();
    },
    useValue: (read, onServer) => useSyncExternalStore(subscribe, read, () => onServer),
  };
}

/**
 * A text that the browser remembers under a key. A browser that stores nothing, for example in a private window,
 * remembers it until the page is reloaded.
 */
export function createRemembered(storage: () => Storage, key: string) {
  /** Only what could not be stored. */
  let inPage: string | null = null;
  return {
    read(): string | null {
      try {
        return inPage ?? storage().getItem(key);
      } catch {
        return null;
      }
    },
    write(value: string): void {
      try {
        storage().setItem(key, value);
        inPage = null;
      } catch {
        inPage = value;
      }
    },
  };
}
