/** Reads archives with `unzip`, `age`, `zstd` and `jq` alone. */
import { requireTool, shell, terminal } from "../../lib/testing/oracles.ts";

/** Whether all these tools are installed. In CI a missing one is an error. */
export const canOpenByHand = (): boolean =>
  ["unzip", "age", "age-keygen", "zstd", "jq", "script"].map(requireTool).every(Boolean);

export interface Identity {
  recipient: string;
  identity: string;
}

/** Makes a key pair with `age-keygen`, in a new file of the folder. */
export async function generateIdentity(folder: string, name = "identity.txt"): Promise<Identity> {
  const recipient = await shell(`age-keygen -o ${name}; age-keygen -y ${name}`, folder);
  return { recipient: recipient.trim(), identity: await shell(`cat ${name}`, folder) };
}

/** Makes `identity.txt` from the archive's own key. `age` asks for the passphrase on a terminal. */
export async function unlockKey(file: string, passphrase: string, folder: string): Promise<void> {
  await shell(`unzip -p '${file}' key.age > key.age`, folder);
  await terminal("age -d -o identity.txt key.age", [passphrase], folder);
}

/** Returns the rows of each table in its JSON, as `schema.table` → rows. Also proves that unzip finds no fault. */
export async function readArchive(file: string, folder: string): Promise<Map<string, number>> {
  await shell(`unzip -tqq '${file}'`, folder);
  const entries = (await shell(`unzip -Z1 '${file}'`, folder)).trim().split("\n");
  const rows = new Map<string, number>();
  for (const entry of entries.filter((name) => name.startsWith("tables/"))) {
    const count = await shell(`${opening(file, entry)} | jq length`, folder);
    rows.set(entry.replace(/^tables\//, "").replace(/\.json.*$/, ""), Number(count));
  }
  return rows;
}

export interface ArchiveManifest {
  encryption: string;
  database: { name: string };
  tables: Array<{ schema: string; name: string; rows: number }>;
}

export async function readManifest(file: string, folder: string): Promise<ArchiveManifest> {
  const entries = await shell(`unzip -Z1 '${file}'`, folder);
  const entry = entries.trim().split("\n").at(-1) ?? "";
  return JSON.parse(await shell(`${opening(file, entry)} | jq .`, folder));
}

function opening(file: string, entry: string): string {
  const decrypt = entry.endsWith(".age") ? " | age -d -i identity.txt" : "";
  const decompress = entry.includes(".zst") ? " | zstd -dc" : "";
  return `unzip -p '${file}' '${entry}'${decrypt}${decompress}`;
}
