import { BackupError } from "../errors.ts";
import type { Database } from "../postgres/connection/connection.ts";
import type { Actor, KnownOperation, ListedOperation, OperationKind } from "../shared/api.ts";
import type { Context } from "./context.ts";
import { cancelled, findLiveOperation } from "./live-operation.ts";
import { recordEnd } from "./notify.ts";
import {
  type Ending,
  readListedOperations,
  readOperation,
  requestCancel,
  type StoredOperation,
  toListed,
} from "./operation-store.ts";
import { ifRecorded, queryOperations } from "./operations-schema.ts";
import { settleOperations } from "./settle.ts";

const LIST_LENGTH = 50;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Returns the newest operations first. */
export async function listOperations(context: Context): Promise<ListedOperation[]> {
  await settleOperations(context);
  const operations = await ifRecorded(
    () => readListedOperations(context.database, LIST_LENGTH),
    [],
  );
  return operations.map((operation) => toListed(operation, context.config));
}

/**
 * @param known if the operation has not changed since, the plan is null
 * @throws OPERATION_NOT_FOUND
 */
export async function getOperation(
  context: Context,
  id: string,
  known: KnownOperation | null = null,
): Promise<StoredOperation> {
  if (UUID.test(id)) {
    await settleOperations(context);
    const operation = await ifRecorded(() => readOperation(context.database, id, known), null);
    if (operation) return operation;
  }
  throw new BackupError("OPERATION_NOT_FOUND", "There is no such operation.", {
    hint: "Look at the list of operations.",
  });
}

/** Reads an operation that only the person who began it may continue. @throws OPERATION_NOT_FOUND, FORBIDDEN */
export async function readOwnOperation(
  context: Context,
  actor: Actor,
  id: string,
  kind: OperationKind,
): Promise<StoredOperation> {
  const operation = await getOperation(context, id);
  if (operation.kind !== kind) {
    throw new BackupError("OPERATION_NOT_FOUND", `There is no ${kind} of this id.`);
  }
  if (operation.actor.id !== actor.id) {
    throw new BackupError("FORBIDDEN", `This ${kind} was begun by ${operation.actor.name}.`, {
      hint: `Only ${operation.actor.name} can go on with it. Begin one of your own.`,
    });
  }
  return operation;
}

/**
 * Asks an operation to end, whichever instance of the app carries it out. It has ended only when its state says so.
 *
 * @throws OPERATION_NOT_FOUND, OPERATION_STATE if it has already ended
 */
export async function cancelOperation(
  context: Context,
  actor: Actor,
  id: string,
): Promise<StoredOperation> {
  const { database } = context;
  await getOperation(context, id);
  const error = cancelled();
  const ending: Ending = { state: "cancelled", error, cancelledBy: actor };
  const notBegun = await recordEnd(context, id, ["pending"], ending);
  if (notBegun) return notBegun;
  const asked = await requestCancel(database, id, actor);
  if (asked) {
    findLiveOperation(id)?.abort(error);
    return asked;
  }
  throw new BackupError("OPERATION_STATE", "This operation has already ended.", {
    hint: "Its result is shown in the list of operations.",
  });
}

export async function readDatabaseName(database: Database): Promise<string> {
  const [row] = await queryOperations<{ name: string }>(
    database,
    "SELECT current_database()::text AS name",
  );
  return row?.name ?? "";
}
