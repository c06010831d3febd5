/** What the global set-up has started, as the tests' processes are told. */
function read(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is set by e2e/support/global-setup.ts.`);
  return value;
}

export const shopUrl = (): string => read("E2E_URL");
export const databaseUrl = (): string => read("E2E_DATABASE_URL");
/** All that the server has written to stdout and stderr. */
export const serverLog = (): string => read("E2E_SERVER_LOG");
export const serverFolder = (): string => read("E2E_SERVER_FOLDER");
