import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);
const KEY_BYTES = 32;
const COST: ScryptOptions = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

/** Returns `scrypt$<salt>$<hash>`, the format of `User.passwordHash`. */
export async function hashPassword(
  password: string,
  salt: Buffer = randomBytes(16),
): Promise<string> {
  const hash = await derive(password, salt, KEY_BYTES, COST);
  return `scrypt$${salt.toString("base64")}$${hash.toString("base64")}`;
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, salt = "", hash = ""] = stored.split("$");
  const expected = Buffer.from(hash, "base64");
  if (scheme !== "scrypt" || expected.length !== KEY_BYTES) return false;
  return timingSafeEqual(
    await derive(password, Buffer.from(salt, "base64"), KEY_BYTES, COST),
    expected,
  );
}
