/**
 * Another process of the app, for tests: prints the operation's id, and restores an upload up to its end.
 * Arguments: connection string, folder of uploads, name of the database. The upload's id comes on stdin.
 */
import { text } from "node:stream/consumers";
import { PATIENCE_MS } from "./patience.ts";
import { createTestAdmin } from "./test-admin.ts";

const [url = "", uploadDir = "", confirmation = ""] = process.argv.slice(2);
const admin = await createTestAdmin({ url, uploadDir, lockTimeoutMs: PATIENCE_MS });
const uploadId = await text(process.stdin);
const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
await admin.reach(id, "ready");
console.log(id);
await admin.ok("POST", `restores/${id}/start`, { json: { confirmation } });
// Kept alive by the operation under way, and ended by the test.
setInterval(() => {}, 1000);
