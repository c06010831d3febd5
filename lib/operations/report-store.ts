/**
 * Reports of trial runs contain rows, so they are never stored in plain text. Each exists in the memory of the process
 * that holds the unlocked archive. Another process inserts a row to request the report. The answer in that row is
 * encrypted to a key that only the requester has.
 */
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { encryptFile } from "../archive/age-file.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { OWN_SCHEMA } from "../schema/user-objects.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { queryOperations } from "./operations-schema.ts";

export const REPORT_TABLE = `${OWN_SCHEMA}.rehearsal_requests`;

/** Longer than any request waits. */
const FORGET_MS = 60_000;

export interface ReportRequest {
  id: string;
  /** The public key that the answer is encrypted to. */
  recipient: string;
}

export async function insertReportRequest(
  database: Database,
  operationId: string,
  { id, recipient }: ReportRequest,
): Promise<void> {
  await queryOperations(
    database,
    `WITH forgotten AS (
       DELETE FROM ${REPORT_TABLE} WHERE requested_at < clock_timestamp() - $4 * interval '1 millisecond')
     INSERT INTO ${REPORT_TABLE} (id, operation_id, recipient) VALUES ($1, $2, $3)`,
    [id, operationId, recipient, FORGET_MS],
  );
}

/** Called by the process that has the report. */
export async function answerReportRequests(
  database: Database,
  report: RehearsalReport,
  requests: readonly ReportRequest[],
): Promise<void> {
  for (const { id, recipient } of requests) {
    const sealed = await buffer(
      encryptFile([recipient], Readable.from([Buffer.from(JSON.stringify(report))])),
    );
    await queryOperations(database, `UPDATE ${REPORT_TABLE} SET report = $2 WHERE id = $1`, [
      id,
      sealed.toString("base64"),
    ]);
  }
}

/** Removes the request and returns its answer. Null while there is none. */
export async function takeReport(database: Database, id: string): Promise<Buffer | null> {
  const [row] = await queryOperations<{ report: string }>(
    database,
    `DELETE FROM ${REPORT_TABLE} WHERE id = $1 AND report IS NOT NULL RETURNING report`,
    [id],
  );
  return row ? Buffer.from(row.report, "base64") : null;
}

export async function withdrawReportRequest(database: Database, id: string): Promise<void> {
  await queryOperations(database, `DELETE FROM ${REPORT_TABLE} WHERE id = $1`, [id]);
}
