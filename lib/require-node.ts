import { BackupError } from "./errors.ts";

/** The first version with zstd. Must match `engines` in package.json. */
const OLDEST = [22, 15] as const;

/** An old Node.js would fail in various places, so this fails early. @throws CONFIG_INVALID */
export function requireNode(version = process.versions.node): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new BackupError(
    "CONFIG_INVALID",
    `prisma-backup-admin needs Node.js ${OLDEST.join(".")} or newer, and this is ${version}.`,
    { hint: "Run the app, or this command, with a newer one: node --version shows which it is." },
  );
}
