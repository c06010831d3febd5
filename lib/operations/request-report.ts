import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { decryptFile } from "../archive/age-file.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import type { Context } from "./context.ts";
import { getOperation } from "./operations.ts";
import { insertReportRequest, takeReport, withdrawReportRequest } from "./report-store.ts";
import { LOOK_MS, notAnswering, WAIT_MS } from "./request-step.ts";

/** Gets the report from the process that has it. Null if the restore no longer waits. @throws OPERATION_STATE */
export async function requestReport(
  context: Context,
  operationId: string,
): Promise<RehearsalReport | null> {
  const { database } = context;
  const id = randomUUID();
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  await insertReportRequest(database, operationId, { id, recipient });
  try {
    const deadline = Date.now() + WAIT_MS;
    while (Date.now() < deadline) {
      await sleep(LOOK_MS);
      const sealed = await takeReport(database, id);
      if (sealed) return await open(identity, sealed);
      if ((await getOperation(context, operationId)).state !== "ready") return null;
    }
    throw notAnswering();
  } finally {
    // If this fails, a later request deletes the row.
    await withdrawReportRequest(database, id).catch(() => {});
  }
}

async function open(identity: string, sealed: Buffer): Promise<RehearsalReport> {
  const plain = await buffer(decryptFile([identity], Readable.from([sealed])));
  return JSON.parse(plain.toString()) as RehearsalReport;
}
