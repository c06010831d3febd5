import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { temporaryPath } from "../../testing/backups.ts";
import { createTestDatabase } from "../../testing/database.ts";
import { SHOP_SQL } from "../../testing/test-admin.ts";
import { COOKIE, startApp, type TestAppOptions } from "../../testing/test-app.ts";
import { type CheckAppOptions, checkApp } from "./app.ts";
import { reportOn } from "./finding.ts";

const MIB = 2 ** 20;

/** A port without a listener. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
const everybody = () => ({ id: "x", name: "X", allowed: true });

interface Case {
  name: string;
  app?: Partial<TestAppOptions>;
  cookie?: string | null;
  /** Level and code of each finding, and a part of its text. */
  found: Array<[level: string, code: string, text?: RegExp]>;
}

const WHOLE: Case["found"] = [
  ["ok", "GUARD"],
  ["ok", "HEADERS"],
  ["ok", "POLICY", /with a passphrase or for age public keys or without encryption/],
  ["ok", "BODIES", /12\.6 MB in chunks of 4\.19 MB.*checksums agree/],
];

const CASES: Case[] = [
  { name: "all is well", found: [...WHOLE, ["ok", "LARGE_BODIES"]] },
  {
    name: "with a slash at the end of every address",
    app: { trailingSlash: true },
    found: [...WHOLE, ["ok", "LARGE_BODIES"]],
  },
  {
    name: "a page without headers",
    app: { pageHeaders: {} },
    cookie: null,
    found: [
      ["ok", "GUARD"],
      [
        "warning",
        "HEADERS",
        /without X-Frame-Options, X-Content-Type-Options, Referrer-Policy: another site.*source: .*\/admin\/backup\/:path/,
      ],
      ["note", "BODIES"],
    ],
  },
  {
    name: "a page with a policy of its own, which does not speak of frames",
    app: {
      pageHeaders: {
        "content-security-policy": "default-src 'self'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "strict-origin",
      },
    },
    cookie: null,
    found: [
      ["ok", "GUARD"],
      ["warning", "HEADERS", /without X-Frame-Options: another site/],
      ["note", "BODIES"],
    ],
  },
  {
    name: "a page that only its policy keeps out of frames",
    app: {
      pageHeaders: {
        "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
      },
    },
    cookie: null,
    found: [
      ["ok", "GUARD"],
      ["ok", "HEADERS"],
      ["note", "BODIES"],
    ],
  },
  {
    name: "no cookie",
    cookie: null,
    found: [
      ["ok", "GUARD"],
      ["ok", "HEADERS"],
      ["note", "BODIES", /Left out.*--cookie-file/],
    ],
  },
  {
    name: "a cookie of nobody",
    cookie: "session=eve",
    found: [
      ["ok", "GUARD"],
      ["ok", "HEADERS"],
      ["warning", "COOKIE", /You are not signed in\. \(401\)/],
    ],
  },
  {
    name: "a guard that lets everybody in",
    app: { authorize: everybody },
    found: [
      ["problem", "GUARD", /GET overview without a session/],
      ["ok", "HEADERS"],
      ["ok", "POLICY"],
      ["ok", "BODIES"],
      ["ok", "LARGE_BODIES"],
    ],
  },
  {
    name: "a guard that believes any token",
    app: {
      authorize: (request) =>
        /session/.test(request.headers.get("cookie") ?? "") ? everybody() : null,
    },
    cookie: null,
    found: [
      ["problem", "GUARD", /with a forged session cookie/],
      ["ok", "HEADERS"],
      ["note", "BODIES"],
    ],
  },
  {
    name: "a guard of the host before it",
    app: { redirects: true },
    found: [
      ["note", "GUARD", /\/sign-in/],
      ["ok", "HEADERS"],
      ["ok", "POLICY"],
      ["ok", "BODIES"],
      ["ok", "LARGE_BODIES"],
    ],
  },
  {
    name: "nginx as it comes, with 1 MB",
    app: { maxBodyBytes: MIB },
    found: [
      ["ok", "GUARD"],
      ["ok", "HEADERS"],
      ["ok", "POLICY"],
      ["problem", "BODIES", /status 413 from nginx.*client_max_body_size/],
    ],
  },
  {
    name: "nginx with 5 MB",
    app: { maxBodyBytes: 5 * MIB },
    found: [...WHOLE, ["note", "LARGE_BODIES", /413/]],
  },
  {
    name: "a proxy.ts, behind which Next cuts bodies at 10 MB",
    app: { cutBodyBytes: 10 * MIB },
    found: [...WHOLE, ["note", "LARGE_BODIES", /was cut on its way: 10\.5 MB/]],
  },
  {
    name: "bodies cut below a chunk",
    app: { cutBodyBytes: MIB },
    found: [
      ["ok", "GUARD"],
      ["ok", "HEADERS"],
      ["ok", "POLICY"],
      ["problem", "BODIES", /was cut on its way: 1\.05 MB.*proxyClientMaxBodySize/],
    ],
  },
  {
    name: "instances that share no folder",
    app: { instances: 2 },
    found: [
      ["ok", "GUARD"],
      ["ok", "HEADERS"],
      ["ok", "POLICY"],
      ["problem", "BODIES", /lost after its beginning.*uploadDir/],
    ],
  },
  {
    name: "an upload larger than allowed",
    app: { config: { maxUploadBytes: MIB } },
    found: [
      ["ok", "GUARD"],
      ["ok", "HEADERS"],
      ["ok", "POLICY"],
      ["problem", "BODIES", /was refused: The backup is larger than this server accepts\. \(413\)/],
    ],
  },
];

async function findingsOf(options: CheckAppOptions) {
  const report = reportOn("App");
  await checkApp(report, options);
  return report.findings;
}

test.for(CASES)("$name", async ({ app, cookie = COOKIE, found }) => {
  await using db = await createTestDatabase({ sql: SHOP_SQL });
  const address = await startApp({ url: db.url, ...app });
  const findings = await findingsOf({ address, cookie: cookie ?? undefined, database: db.name });
  expect(findings.map(({ level, code }) => [level, code])).toEqual(
    found.map(([level, code]) => [level, code]),
  );
  for (const [index, [, , text]] of found.entries())
    if (text) expect(JSON.stringify(findings[index])).toMatch(text);
});

test("leaves nothing behind", async () => {
  await using db = await createTestDatabase({ sql: SHOP_SQL });
  const uploadDir = await temporaryPath("uploads");
  const address = await startApp({ url: db.url, config: { uploadDir } });
  await findingsOf({ address, cookie: COOKIE, database: "another" }).then((findings) =>
    expect(findings).toContainEqual(
      expect.objectContaining({ level: "warning", code: "OTHER_DATABASE" }),
    ),
  );
  expect(await readdir(uploadDir)).toEqual([]);
});

test("another address, and nobody there", async () => {
  await using db = await createTestDatabase({ sql: SHOP_SQL });
  const address = await startApp({ url: db.url });
  const check = (it: string) => findingsOf({ address: it, cookie: undefined, database: null });
  expect(await check(`${address}/wrong`)).toMatchObject([
    { level: "problem", code: "APP", remedy: expect.stringContaining("--app") },
  ]);
  expect(await check(new URL("/elsewhere", address).href)).toMatchObject([
    { level: "problem", code: "APP" },
  ]);
  expect(await check(`http://127.0.0.1:${await closedPort()}/admin/backup`)).toMatchObject([
    { level: "problem", code: "APP", what: expect.stringContaining("ECONNREFUSED") },
  ]);
  await expect(check("localhost")).rejects.toThrow("--app is an http(s) address.");
});
