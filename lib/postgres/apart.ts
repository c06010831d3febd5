import type pg from "pg";

/**
 * Runs statements that may fail, and takes back whatever they did: inside a transaction by a savepoint, and in one of
 * their own where there is none.
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
    // Where the connection is lost, the first error says more.
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
