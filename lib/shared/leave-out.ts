import type { LeaveOut } from "./api.ts";

/** Among an error's details: which tables can be left out. */
export function leaveOutIn(details: Record<string, unknown> | undefined): LeaveOut | undefined {
  const { leaveOut } = (details ?? {}) as { leaveOut?: LeaveOut };
  return leaveOut;
}
