import type { LeaveOut } from "./api.ts";

/** Returns the tables that can be left out, from an error's details. */
export function leaveOutIn(details: Record<string, unknown> | undefined): LeaveOut | undefined {
  const { leaveOut } = (details ?? {}) as { leaveOut?: LeaveOut };
  return leaveOut;
}
