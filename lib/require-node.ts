import { BackupError } from "./errors.ts";

/** The first version with zstd. Must match `engines` in package.json. */
const OLDEST = [22, 15] as const;

/**
 * Fails early with a clear message, because otherwise an old version would fail in various places.
 *
 * @throws CONFIG_INVALID if this Node.js is too old
 */
export function requireNode(version = process.versions.node): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new BackupError(
    "CONFIG_INVALID",
    `prisma-backup-admin needs Node.js ${OLDEST.join(".")} or newer, and this is ${version}.`,
    { hint: "Run the app, or this command, with a newer one: node --version shows which it is." },
  );
}
