/**
 * Another process of the app, for tests. Prints the operation's id, then restores an upload to the end. Arguments:
 * connection string, folder of uploads, name of the database. It reads the upload's id from stdin.
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
// The running operation keeps this process alive. The test ends it.
setInterval(() => {}, 1000);
