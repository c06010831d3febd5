import type pg from "pg";

/**
 * Runs statements that may fail, and always undoes what they did. Inside a transaction it uses a savepoint; otherwise
 * it opens a transaction of its own.
 */
export async function apart<Result>(
  client: pg.ClientBase,
  run: () => Promise<Result>,
): Promise<Result> {
  const isWithin = client.getTransactionStatus() !== "I";
  await client.query(isWithin ? "SAVEPOINT apart" : "BEGIN");
  let result: Result;
  try {
    result = await run();
  } catch (error) {
    // If the connection is lost, the first error says more.
    await takeBack().catch(() => {});
    throw error;
  }
  await takeBack();
  return result;

  async function takeBack(): Promise<void> {
    await client.query(
      isWithin ? "ROLLBACK TO SAVEPOINT apart; RELEASE SAVEPOINT apart" : "ROLLBACK",
    );
  }
}
