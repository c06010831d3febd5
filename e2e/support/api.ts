/** Prepares tests through the panel's own routes, if a test is not about the browser's part. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type APIRequestContext, type APIResponse, expect } from "@playwright/test";
import type {
  CreateRestore,
  EncryptionChoice,
  Operation,
  StartRestore,
  TableName,
} from "../../lib/shared/api.ts";
import { shopUrl } from "./environment.ts";
import { PANEL } from "./panel.ts";
import { DATABASE } from "./shop.ts";

const url = (route: string): string => `${PANEL}/api/${route}`;
const sameOrigin = () => ({ origin: shopUrl() });

async function post(request: APIRequestContext, route: string, data: unknown): Promise<Operation> {
  return read(await request.post(url(route), { data, headers: sameOrigin() }));
}

async function read(response: APIResponse): Promise<Operation> {
  expect(response.ok(), await response.text()).toBe(true);
  return response.json();
}

/** @returns the file */
export async function makeBackup(
  request: APIRequestContext,
  folder: string,
  encryption: EncryptionChoice = { mode: "none" },
  tables?: TableName[],
): Promise<string> {
  const { id } = await post(request, "backups", { encryption, tables });
  const response = await request.get(url(`backups/${id}/archive`));
  const file = path.join(folder, `${id}.zip`);
  await writeFile(file, await response.body());
  expect((await reach(request, id)).state).toBe("succeeded");
  return file;
}

/**
 * Uploads an archive and has it checked. @param options the secret that opens it, and the scope @returns the restore's
 * id
 */
export async function checkBackup(
  request: APIRequestContext,
  file: string,
  options: Omit<CreateRestore, "uploadId" | "undo"> = {},
): Promise<string> {
  const archive = await readFile(file);
  const tus = { ...sameOrigin(), "tus-resumable": "1.0.0" };
  const created = await request.post(url("uploads"), {
    headers: {
      ...tus,
      "upload-length": String(archive.length),
      "upload-metadata": `filename ${Buffer.from(path.basename(file)).toString("base64")}`,
    },
  });
  expect(created.status(), await created.text()).toBe(201);
  const uploadId = created.headers().location?.split("/").at(-1) ?? "";
  const sent = await request.patch(url(`uploads/${uploadId}`), {
    headers: { ...tus, "content-type": "application/offset+octet-stream", "upload-offset": "0" },
    data: archive,
  });
  expect(sent.status(), await sent.text()).toBe(204);
  const { id } = await post(request, "restores", { uploadId, ...options });
  await reach(request, id);
  return id;
}

/** Confirms a restore that is checked. */
export async function beginRestore(
  request: APIRequestContext,
  id: string,
  options: Omit<StartRestore, "confirmation"> = {},
): Promise<void> {
  await reach(request, id);
  await post(request, `restores/${id}/start`, { confirmation: DATABASE, ...options });
}

/** Confirms a restore that is checked, and waits until it has succeeded. */
export async function startRestore(
  request: APIRequestContext,
  id: string,
  options?: Omit<StartRestore, "confirmation">,
): Promise<Operation> {
  await beginRestore(request, id, options);
  const ended = await reach(request, id);
  expect(ended.error).toBeNull();
  expect(ended.state).toBe("succeeded");
  return ended;
}

/** Makes a backup that is requested, never downloaded, and cancelled. */
export async function cancelledBackup(request: APIRequestContext): Promise<string> {
  const { id } = await post(request, "backups", { encryption: { mode: "none" } });
  await discard(request, id);
  return id;
}

export async function discard(request: APIRequestContext, id: string): Promise<void> {
  await post(request, `operations/${id}/cancel`, {});
  await reach(request, id);
}

/** Waits until an operation has ended, or waits for its confirmation after the check. */
async function reach(request: APIRequestContext, id: string): Promise<Operation> {
  let operation: Operation | undefined;
  await expect
    .poll(async () => {
      operation = await read(await request.get(url(`operations/${id}`)));
      return operation.cancelRequested && operation.state === "ready" ? "ending" : operation.state;
    })
    .not.toMatch(/pending|running|ending/);
  if (!operation) throw new Error("unreachable");
  return operation;
}
