#!/usr/bin/env node
import { requireNode } from "../require-node.ts";
// All that an older Node.js has to understand: what main.ts imports, it may not have.
import { toBackupError } from "../to-backup-error.ts";

try {
  requireNode();
} catch (error) {
  const { code, message, hint } = toBackupError(error);
  process.stderr.write(`error[${code}]: ${message}\nhint: ${hint}\n`);
  process.exit(1);
}
await import("./main.ts");
