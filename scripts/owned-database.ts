import { withClient } from "./with-client.ts";

/**
 * Creates a database, if it is missing, and an ordinary role with the same name and password that owns it, as an app
 * should have.
 * @param name a name that needs no quotes @returns the owner's connection string
 */
export async function createOwnedDatabase(serverUrl: string, name: string): Promise<string> {
  await withClient(serverUrl, async (client) => {
    const { rows } = await client.query<{ hasRole: boolean; hasDatabase: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS "hasRole", EXISTS (SELECT FROM pg_database WHERE datname = $1) AS "hasDatabase"`,
      [name],
    );
    if (!rows[0]?.hasRole) await client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${name}'`);
    if (!rows[0]?.hasDatabase)
      await client.query(
        `CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0 ENCODING 'UTF8'`,
      );
  });
  return Object.assign(new URL(serverUrl), { username: name, password: name, pathname: name }).href;
}
