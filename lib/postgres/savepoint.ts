/** Statements that may fail, without an end to the transaction around them. */
import pg from "pg";

const UNDO = "ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt";

/** Runs statements, and always undoes what they did. Outside a transaction, it opens one of its own. */
export async function apart<Result>(
  client: pg.ClientBase,
  run: () => Promise<Result>,
): Promise<Result> {
  const isWithin = client.getTransactionStatus() !== "I";
  const undo = isWithin ? UNDO : "ROLLBACK";
  await client.query(isWithin ? "SAVEPOINT attempt" : "BEGIN");
  let result: Result;
  try {
    result = await run();
  } catch (error) {
    // If the connection is lost, the first error says more.
    await client.query(undo).catch(() => {});
    throw error;
  }
  await client.query(undo);
  return result;
}

/** If PostgreSQL refuses the statement, returns its error, and leaves the transaction as it was before. */
export async function tryStatement(
  client: pg.ClientBase,
  statement: string,
): Promise<pg.DatabaseError | null> {
  await client.query("SAVEPOINT attempt");
  try {
    await client.query(statement);
    await client.query("RELEASE SAVEPOINT attempt");
    return null;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    await client.query(UNDO);
    return error;
  }
}
