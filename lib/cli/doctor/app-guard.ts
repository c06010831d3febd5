import { type Answer, type AskApp, explain } from "./app-client.ts";
import type { Report } from "./finding.ts";

/** A token with `{ alg: "none" }`, so without a signature. It claims to be an administrator for ever. */
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const FORGED_TOKEN = `${part({ alg: "none", typ: "JWT" })}.${part({
  sub: "1",
  id: "1",
  name: "Admin",
  email: "admin@example.com",
  role: "ADMIN",
  exp: 4102444800,
})}.`;
const COOKIE_NAMES = ["next-auth.session-token", "authjs.session-token"].flatMap((name) => [
  name,
  `__Secure-${name}`,
]);

/** Requests without a valid session. The app must refuse each of them. */
const VISITS: Array<{ who: string; headers: Record<string, string> }> = [
  { who: "without a session", headers: {} },
  {
    who: "with a forged session cookie",
    headers: { cookie: COOKIE_NAMES.map((name) => `${name}=${FORGED_TOKEN}`).join("; ") },
  },
  {
    who: "with a header that once led past Next's middleware",
    headers: { "x-middleware-subrequest": Array(5).fill("middleware").join(":") },
  },
];

/** The last request is invalid, so it does nothing even if the app does not guard it. */
const REQUESTS: Array<{ method: string; route: string; body?: string }> = [
  { method: "GET", route: "overview" },
  { method: "GET", route: "operations" },
  { method: "POST", route: "backups", body: "{}" },
];

/** Checks that the running app refuses requests without a session. @returns whether the add-on is there at all */
export async function checkGuard({ ok, note, problem }: Report, ask: AskApp): Promise<boolean> {
  const redirects = new Set<string>();
  for (const { who, headers } of VISITS) {
    for (const { method, route, body } of REQUESTS) {
      const answer = await ask(method, route, {
        headers: { ...headers, ...(body ? { "content-type": "application/json" } : {}) },
        ...(body ? { body } : {}),
      });
      switch (judge(answer)) {
        case "refused":
          continue;
        case "redirected":
          redirects.add(answer.headers.get("location") ?? "");
          continue;
        case "open":
          problem(
            "GUARD",
            `The app lets anyone in: ${method} ${route} ${who} was answered with status ${answer.status}.`,
            "Correct `authorize` in the options of createBackupAdmin at once: it has to return null if no one is signed in, and allowed: true for administrators only.",
          );
          return true;
        case "absent":
          problem(
            "APP",
            `The page's route handlers are not at this address: ${method} api/${route} was answered with ${explain(answer)}.`,
            "Give --app the address of the page itself, with Next's basePath, and see that `basePath` of createBackupAdmin and the folder of the three files agree, and that a proxy.ts lets it through.",
          );
          return false;
        case "broken":
          problem("APP", `The app fails: ${explain(answer)}.`, "Its log has the details.");
          return true;
      }
    }
  }
  if (redirects.size > 0) {
    note(
      "GUARD",
      "The app redirects requests without a session before they reach the page's own guard.",
      "You need to do nothing: such requests are denied. If you leave the page's address out of your proxy.ts, its own guard answers, and the page can say that a session has ended.",
      [...redirects],
    );
  } else ok("GUARD", "The app refuses requests without a session, and with a forged one.");
  return true;
}

function judge({ status, code, json, headers }: Answer) {
  if (status === 401 || status === 403) return "refused";
  if (status >= 300 && status < 400 && headers.has("location")) return "redirected";
  if (status >= 500) return "broken";
  // Either an error from behind the guard, or the requested data.
  if (code !== null && code !== "NOT_FOUND") return "open";
  if (status < 300 && json !== undefined) return "open";
  return "absent";
}
