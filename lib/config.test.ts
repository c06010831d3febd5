import pg from "pg";
import { expect, it } from "vitest";
import { type BackupAdminOptions, parseConfig } from "./config.ts";
import { openConfiguredDatabase } from "./configured-database.ts";
import { BackupError } from "./errors.ts";

const RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const options = { prisma: {}, authorize: (): null => null };
/** Parses options as an app without TypeScript may write them. */
const parse = (given: unknown) => parseConfig(given as BackupAdminOptions);

it("has defaults for all but what only the app knows, and cannot be changed afterwards", () => {
  const config = parse(options);
  expect(config).toMatchObject({
    basePath: "/admin/backup",
    signInPath: "/api/auth/signin",
    callbackParam: "callbackUrl",
    maxUploadBytes: 10_737_418_240,
    uploadMaxAgeMs: 86_400_000,
    safetyBackupMaxAgeMs: 2_592_000_000,
  });
  expect(Object.isFrozen(config)).toBe(true);
});

it.each([
  ["nothing", undefined, "createBackupAdmin"],
  ["no authorize", { prisma: {} }, "`authorize` is required"],
  ["an authorize that is no function", { ...options, authorize: true }, "`authorize`"],
  ["no prisma", { authorize: (): null => null }, "`prisma`"],
  ["a path with a slash at its end", { ...options, basePath: "/admin/" }, "`basePath`"],
  ["a path of another host", { ...options, signInPath: "//evil.example" }, "`signInPath`"],
  ["a parameter that is no name", { ...options, callbackParam: "a&b=c" }, "`callbackParam`"],
  ["an empty parameter", { ...options, callbackParam: "" }, "`callbackParam`"],
  ["a misspelt option", { ...options, uploaddir: "/tmp" }, "uploaddir"],
  ["a model of no name", { ...options, signIn: { model: "" } }, "`signIn.model`"],
  ["a misspelt field", { ...options, signIn: { role: "x" } }, "role"],
  ["an onEvent that is no function", { ...options, onEvent: "x" }, "`onEvent`"],
  ["a negative size", { ...options, maxUploadBytes: -1 }, "`maxUploadBytes`"],
  ["a total that is none", { ...options, maxUploadBytesTotal: 0 }, "`maxUploadBytesTotal`"],
  [
    "a policy that names no public key",
    { ...options, policy: { recipients: ["ada"] } },
    "age public key",
  ],
  ["a policy without a way", { ...options, policy: { encryption: [] } }, "`policy.encryption`"],
  [
    "recipients with a passphrase, which age cannot join",
    { ...options, policy: { encryption: ["passphrase"], recipients: [RECIPIENT] } },
    "`policy` with `recipients`",
  ],
  ["an age of a second", { ...options, safetyBackupMaxAgeMs: 1000 }, "`safetyBackupMaxAgeMs`"],
])("refuses %s, and names it", (_, given, named) => {
  expect(() => parse(given)).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(named) }),
  );
});

it("takes `undefined` for every option that may be left out", () => {
  const undefineds = {
    connectionString: undefined,
    ssl: undefined,
    pool: undefined,
    basePath: undefined,
    signInPath: undefined,
    callbackParam: undefined,
    signIn: undefined,
    uploadDir: undefined,
    safetyBackupDir: undefined,
    policy: undefined,
    maxUploadBytes: undefined,
    maxUploadBytesPerPerson: undefined,
    maxUploadBytesTotal: undefined,
    safetyBackupMaxAgeMs: undefined,
    uploadMaxAgeMs: undefined,
    lockTimeoutMs: undefined,
    onEvent: undefined,
    logger: undefined,
  };
  expect(parse({ ...options, ...undefineds }).basePath).toBe("/admin/backup");
});

it("lets `ssl` count more than the connection string, wherever that is from", async () => {
  const url =
    "postgresql://ada@db.example/shop?sslmode=disable&application_name=a&sslrootcert=/a.pem";
  const ssl = { ca: "a certificate" };
  const sources = [
    [{ connectionString: url }, {}],
    [{ pool: { connectionString: url } }, {}],
    [{}, { DATABASE_URL: url }],
  ] as const;
  for (const [given, environment] of sources) {
    const database = await openConfiguredDatabase({ prisma: {}, ssl, ...given }, environment);
    const client = new pg.Client(database.pool.options);
    await database.close();
    expect(client).toMatchObject({ host: "db.example", database: "shop", ssl });
  }
});

it("allows every encryption without a policy, and only recipients where it names some", () => {
  expect(parse(options).policy).toEqual({
    encryption: ["passphrase", "recipients", "none"],
    recipients: [],
  });
  expect(parse({ ...options, policy: { recipients: [RECIPIENT] } }).policy).toEqual({
    encryption: ["recipients"],
    recipients: [RECIPIENT],
  });
  expect(parse({ ...options, policy: { encryption: ["passphrase"] } }).policy).toEqual({
    encryption: ["passphrase"],
    recipients: [],
  });
});

it("never repeats a value", () => {
  const given = { ...options, connectionString: 42, pool: "postgres://ada:s3cret@host/db" };
  expect(() => parse(given)).toThrow(BackupError);
  expect(() => parse(given)).not.toThrow(/s3cret|42/);
});

it("connects to what is given first, then to what the environment says", async () => {
  const environment = {
    DIRECT_URL: "postgresql://direct.example/db",
    DATABASE_URL: "postgresql://pooled.example/db",
  };
  const serverOf = async (given: object, variables = {}) => {
    const database = await openConfiguredDatabase({ prisma: {}, ...given }, variables);
    await database.close();
    return database.server;
  };
  const pool = { host: "pool.example", port: 5433 };
  expect(await serverOf({ pool }, environment)).toBe("pool.example:5433");
  const connectionString = "postgresql://given.example/db";
  expect(await serverOf({ connectionString }, environment)).toBe("given.example:5432");
  expect(await serverOf({}, environment)).toBe("direct.example:5432");
  const { DATABASE_URL } = environment;
  expect(await serverOf({}, { DATABASE_URL })).toBe("pooled.example:5432");
  const DIRECT_URL = "prisma+postgres://accelerate.example";
  expect(await serverOf({}, { DIRECT_URL, DATABASE_URL })).toBe("pooled.example:5432");
  await expect(serverOf({})).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  const notPostgres = { DATABASE_URL: "prisma+postgres://accelerate.example" };
  await expect(serverOf({}, notPostgres)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});
