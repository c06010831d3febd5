import { scryptSync, timingSafeEqual } from "node:crypto";

/** `salt:hash`, both in hex. */
export function isPassword(password: string, stored: string): boolean {
  const [salt = "", hash = ""] = stored.split(":");
  const expected = Buffer.from(hash, "hex");
  return timingSafeEqual(scryptSync(password, Buffer.from(salt, "hex"), 32), expected);
}
