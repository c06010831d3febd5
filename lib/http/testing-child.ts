/**
 * Another process of the app, for tests: restores an upload up to its end and prints the operation's id.
 * Arguments: connection string, folder of uploads, upload's id, name of the database.
 */
import { createTestAdmin } from "./testing.ts";

const [url = "", uploadDir = "", uploadId = "", confirmation = ""] = process.argv.slice(2);
const admin = await createTestAdmin({ url, uploadDir });
const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
await admin.reach(id, "ready");
await admin.ok("POST", `restores/${id}/start`, { json: { confirmation } });
console.log(id);
// Kept alive by the operation under way, and ended by the test.
setInterval(() => {}, 1000);
