#!/usr/bin/env node
import { requireNode } from "../require-node.ts";
// An older Node.js must be able to parse this file. The modules that main.ts imports may use newer syntax.
import { toBackupError } from "../to-backup-error.ts";

try {
  requireNode();
} catch (error) {
  const { code, message, hint } = toBackupError(error);
  process.stderr.write(`error[${code}]: ${message}\nhint: ${hint}\n`);
  process.exit(1);
}
await import("./main.ts");
