import pg from "pg";

/**
 * Runs a statement that PostgreSQL may refuse. If it does, the transaction stays as it was before.
 *
 * @returns whether the statement succeeded
 */
export async function tryStatement(client: pg.ClientBase, statement: string): Promise<boolean> {
  await client.query("SAVEPOINT try_statement");
  try {
    await client.query(statement);
    await client.query("RELEASE SAVEPOINT try_statement");
    return true;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    await client.query("ROLLBACK TO SAVEPOINT try_statement; RELEASE SAVEPOINT try_statement");
    return false;
  }
}
