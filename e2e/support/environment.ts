/** What the global set-up has started, passed to the tests' processes. */
const VARIABLES = {
  url: "E2E_URL",
  databaseUrl: "E2E_DATABASE_URL",
  serverLog: "E2E_SERVER_LOG",
  serverFolder: "E2E_SERVER_FOLDER",
} as const;

type Told = keyof typeof VARIABLES;

/** Each of Playwright's workers has its own shop, identified by the worker's number. */
const name = (told: Told, worker: string | number): string => `${VARIABLES[told]}_${worker}`;

/** Passes a shop to a worker. The first worker, or the only process, has number 0. */
export function tell(worker: number, values: Partial<Record<Told, string>>): void {
  for (const [told, value] of Object.entries(values))
    process.env[name(told as Told, worker)] = value;
}

function read(told: Told): string {
  const variable = name(told, process.env.TEST_PARALLEL_INDEX ?? 0);
  const value = process.env[variable];
  if (value === undefined) throw new Error(`${variable} is set by e2e/support/global-setup.ts.`);
  return value;
}

export const shopUrl = (): string => read("url");
export const databaseUrl = (): string => read("databaseUrl");
/** Everything that the server has written to stdout and stderr. */
export const serverLog = (): string => read("serverLog");
export const serverFolder = (): string => read("serverFolder");
