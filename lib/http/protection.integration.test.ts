import { describe, expect, it } from "vitest";
import type { Action } from "../config.ts";
import { createTestDatabase } from "../testing/database.ts";
import { createTestAdmin, ORIGIN, SHOP_SQL, TUS } from "../testing/test-admin.ts";
import { METHODS } from "./handlers.ts";
import { ROUTES } from "./routes.ts";

const ID = "00000000-0000-4000-8000-000000000000";
const CALLS = ROUTES.flatMap(({ methods, path }) =>
  METHODS.filter((method) => methods.includes(method)).map((method) => ({
    method,
    path: path.replace(":id", path.startsWith("uploads") ? "0".repeat(32) : ID),
    changes: !["GET", "HEAD", "OPTIONS"].includes(method),
  })),
);

it("knows every route of the documented list", () => {
  expect(ROUTES.map(({ path }) => path)).toEqual([
    "overview",
    "operations",
    "activity",
    "operations/:id",
    "operations/:id/cancel",
    "backups",
    "backups/:id/archive",
    "uploads",
    "uploads/:id",
    "uploads/:id",
    "restores",
    "restores/:id/plan",
    "restores/:id/rehearsal",
    "restores/:id/start",
  ]);
});

describe("every route", () => {
  it("is refused to nobody, clerks and other sites, and passes admins", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using admin = await createTestAdmin({ url: database.url });
    const refusals: Array<[string, number, string, Parameters<typeof admin.call>[2], boolean]> = [
      ["nobody", 401, "UNAUTHENTICATED", { user: null }, true],
      ["an unknown user", 401, "UNAUTHENTICATED", { user: "mallory" }, true],
      ["a clerk", 403, "FORBIDDEN", { user: "clerk" }, true],
      ["another site", 403, "CROSS_ORIGIN", { headers: { "sec-fetch-site": "cross-site" } }, true],
      ["a sibling site", 403, "CROSS_ORIGIN", { headers: { "sec-fetch-site": "same-site" } }, true],
      [
        "another origin",
        403,
        "CROSS_ORIGIN",
        { headers: { origin: "https://evil.example" } },
        true,
      ],
      ["an opaque origin", 403, "CROSS_ORIGIN", { headers: { origin: "null" } }, true],
      ["no origin", 403, "CROSS_ORIGIN", { headers: { origin: "" } }, false],
    ];
    for (const { method, path, changes } of CALLS) {
      for (const [who, status, code, options, always] of refusals) {
        if (!always && !changes) continue;
        const response = await admin.call(method, path, options);
        const text = await response.text();
        expect.soft(response.status, `${method} ${path} by ${who}: ${text}`).toBe(status);
        expect.soft(JSON.parse(text).error.code).toBe(code);
        expectSecure(response, `${method} ${path} by ${who}`);
      }
      // An admin passes the check. A missing body or unknown id is refused for that reason only.
      const response = await admin.call(method, path, { headers: TUS });
      expect.soft([200, 204, 400, 404], `${method} ${path} by an admin`).toContain(response.status);
      expectSecure(response, `${method} ${path} by an admin`);
      await response.body?.cancel();
    }
    // The refused requests have recorded nothing.
    expect(await admin.ok("GET", "operations")).toEqual([]);
  });
});

function expectSecure(response: Response, what: string): void {
  expect.soft(response.headers.get("cache-control"), what).toBe("no-store");
  expect.soft(response.headers.get("x-content-type-options"), what).toBe("nosniff");
  expect.soft(response.headers.get("x-frame-options"), what).toBe("DENY");
  expect.soft(response.headers.get("referrer-policy"), what).toBe("same-origin");
  const cors = [...response.headers.keys()].filter((name) => name.startsWith("access-control-"));
  expect.soft(cors, what).toEqual([]);
}

const ACTIONS: Record<string, Action> = {
  "GET overview": "view",
  "GET operations": "view",
  "GET activity": "view",
  [`GET operations/${ID}`]: "view",
  [`POST operations/${ID}/cancel`]: "view",
  "POST backups": "backup",
  [`GET backups/${ID}/archive`]: "backup",
  "POST uploads": "upload",
  "OPTIONS uploads": "upload",
  ...Object.fromEntries(
    ["GET", "HEAD", "PATCH", "DELETE", "OPTIONS"].map((method) => [
      `${method} uploads/${"0".repeat(32)}`,
      "upload" as const,
    ]),
  ),
  "POST restores": "unlock",
  [`POST restores/${ID}/plan`]: "unlock",
  [`GET restores/${ID}/rehearsal`]: "unlock",
  [`POST restores/${ID}/start`]: "restore",
};

it("asks authorize for the action of each route, which it may refuse alone", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  let asked: Action[] = [];
  let refused: Action | null = null;
  await using admin = await createTestAdmin({
    url: database.url,
    authorize: (_request, { action }) => {
      asked.push(action);
      return {
        id: "ada",
        name: "Ada",
        allowed: action !== refused,
        reauthenticate: "/sign-in?again=1",
      };
    },
  });
  expect(CALLS.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(
    Object.keys(ACTIONS).toSorted(),
  );
  for (const { method, path } of CALLS) {
    const action = ACTIONS[`${method} ${path}`];
    for (refused of ["view", "backup", "upload", "unlock", "restore"] as const) {
      asked = [];
      const response = await admin.call(method, path, { headers: TUS });
      const text = await response.text();
      expect(asked, `${method} ${path}`).toEqual([action]);
      const isRefused =
        method !== "HEAD" && JSON.parse(text || "{}").error?.code === "REAUTHENTICATE";
      if (method !== "HEAD")
        expect(isRefused, `${method} ${path}: ${text}`).toBe(action === refused);
      if (action === refused) expect(response.status).toBe(403);
      if (isRefused) {
        expect(JSON.parse(text).error.details).toEqual({
          path: "/sign-in?again=1",
          callbackParam: "callbackUrl",
        });
      }
    }
  }
  refused = "view";
  expect((await admin.fail("GET", "nothing/here")).code).toBe("REAUTHENTICATE");
});

it("sends nobody to an address of another kind", async () => {
  await using database = await createTestDatabase();
  for (const reauthenticate of [
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "",
    7,
  ]) {
    await using admin = await createTestAdmin({
      url: database.url,
      authorize: () => ({ id: "a", name: "A", allowed: false, reauthenticate }) as never,
    });
    expect((await admin.fail("GET", "operations")).code).toBe("FORBIDDEN");
    expect(admin.log.join()).toContain("`reauthenticate` must be a path");
  }
});

it("takes the browser's own word before Origin, and the host that a proxy passes on", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url });
  const path = `operations/${ID}/cancel`;
  const codeWith = async (headers: Record<string, string>) =>
    (await admin.fail("POST", path, { headers })).code;
  expect(await codeWith({ "sec-fetch-site": "same-origin", host: "internal:3000" })).toBe(
    "OPERATION_NOT_FOUND",
  );
  expect(await codeWith({ host: "internal:3000" })).toBe("CROSS_ORIGIN");
  expect(await codeWith({ host: "internal:3000", "x-forwarded-host": new URL(ORIGIN).host })).toBe(
    "OPERATION_NOT_FOUND",
  );
  expect(await codeWith({ "sec-fetch-site": "none" })).toBe("CROSS_ORIGIN");
});

it("denies where authorize throws or answers nonsense, and logs it", async () => {
  await using database = await createTestDatabase();
  const cases = [
    [() => Promise.reject(new Error("session store is down")), 403],
    [() => undefined, 401],
    [() => ({ id: "x", name: "x" }), 403],
    [() => ({ id: "x", name: "x", allowed: "yes" }), 403],
    [() => ({ id: "", name: "x", allowed: true }), 403],
  ] as const;
  for (const [authorize, status] of cases) {
    // A host without TypeScript may do this.
    const options = { url: database.url, authorize: authorize as never };
    await using admin = await createTestAdmin(options);
    expect((await admin.fail("GET", "operations")).status).toBe(status);
    if (authorize === cases[0][0]) expect(admin.log.join()).toContain("session store is down");
  }
});

it("answers unknown addresses and methods as JSON, and bad bodies without repeating them", async () => {
  await using database = await createTestDatabase();
  await using admin = await createTestAdmin({ url: database.url });
  expect(await admin.fail("GET", "nothing/here")).toMatchObject({ status: 404, code: "NOT_FOUND" });
  const head = await admin.call("HEAD", `backups/${ID}/archive`);
  expect([head.status, head.headers.get("allow")]).toEqual([405, "GET"]);
  expect(await admin.fail("GET", "operations/1' OR true")).toMatchObject({
    status: 404,
    code: "OPERATION_NOT_FOUND",
  });

  const secret = "correct horse";
  for (const json of [
    { encryption: { mode: "passphrase", passphrase: [secret] } },
    { encryption: { mode: secret } },
    { encryption: { mode: "none" }, tables: [secret] },
    {},
    "x".repeat(2 ** 20),
  ]) {
    const error = await admin.fail("POST", "backups", { json });
    expect(error).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
    expect(JSON.stringify(error)).not.toContain(secret);
  }
  const headers = { "content-type": "application/json" };
  const text = new TextEncoder();
  const broken = { headers, body: text.encode(`{"passphrase": "${secret}`) };
  const error = await admin.fail("POST", "backups", broken);
  expect(error.code).toBe("REQUEST_INVALID");
  expect(JSON.stringify(error)).not.toContain(secret);
  const form = { headers: { "content-type": "text/plain" }, body: text.encode("{}") };
  expect((await admin.fail("POST", "backups", form)).code).toBe("REQUEST_INVALID");
});

it("says what is missing where there is no database, and leaks nothing", async () => {
  const url = "postgresql://ada:s3cret@127.0.0.1:1/nowhere";
  await using admin = await createTestAdmin({ url });
  const error = await admin.fail("GET", "operations");
  expect(error).toMatchObject({ status: 503, code: "DATABASE_UNREACHABLE" });
  expect(JSON.stringify(error) + admin.log.join()).not.toContain("s3cret");
});
