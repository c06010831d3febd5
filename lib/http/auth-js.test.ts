import { expect, it } from "vitest";
import { type Action, parseConfig } from "../config.ts";
import { authJs } from "./auth-js.ts";
import { authorizeRequest } from "./authorize-request.ts";
import type { Allow } from "./session-user.ts";

type Session = { user?: { id?: string; name?: string | null; email?: string; role?: string } };

/** The type of Auth.js' `auth`. The add-on uses this signature, one of five. */
interface Auth {
  (request: object, response: object): Promise<Session | null>;
  (): Promise<Session | null>;
  (context: { req: object }): Promise<Session | null>;
  (handler: (request: Request) => Response): (request: Request) => Promise<Response>;
  (middleware: { name: string }): () => void;
}

const log: string[] = [];
const logger = { error: (...parts: unknown[]) => log.push(parts.join(" ")) };

/** Runs a session through `authorize`, as the handlers and the page do. */
function ask(session: Session | null, allow?: Allow<Session>, action: Action = "view") {
  const auth = ((...args: unknown[]) => {
    expect(args).toEqual([]);
    return Promise.resolve(session);
  }) as unknown as Auth;
  const authorize = authJs(auth, allow ?? (({ user }) => user?.role === "ADMIN"));
  const { basePath, callbackParam } = parseConfig({ prisma: {}, authorize });
  const request = new Request("https://shop.example/admin/backup");
  return authorizeRequest({ authorize, logger, basePath, callbackParam }, request, action);
}

it("knows a person by id, else by e-mail address", async () => {
  const ada = { id: "7", name: "Ada", email: "ada@shop.example", role: "ADMIN" };
  expect(await ask({ user: ada })).toEqual({ id: "7", name: "Ada" });
  const { id, name, ...emailOnly } = ada;
  expect(await ask({ user: emailOnly })).toEqual({ id: ada.email, name: ada.email });
  expect(await ask({ user: { id: "7", name: null, role: "ADMIN" } })).toEqual({
    id: "7",
    name: "7",
  });
});

it("takes no session for nobody", async () => {
  await expect(ask(null)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});

it("denies access where the app does not clearly allow it", async () => {
  const denied = { code: "FORBIDDEN" };
  const user = { id: "7", role: "CLERK" };
  await expect(ask({ user })).rejects.toMatchObject(denied);
  await expect(ask({ user }, () => Promise.resolve(false))).rejects.toMatchObject(denied);
  // An app without TypeScript may return this.
  await expect(ask({ user }, () => "yes" as never)).rejects.toMatchObject(denied);
  const broken = () => {
    throw new Error("the roles are out of reach");
  };
  await expect(ask({ user }, broken)).rejects.toMatchObject(denied);
  expect(log.join()).toContain("the roles are out of reach");
});

it("takes an account that is gone for nobody", async () => {
  await expect(ask({ user: { id: "7" } }, () => null)).rejects.toMatchObject({
    code: "UNAUTHENTICATED",
  });
});

it("tells what is asked for, and asks for a fresh sign-in", async () => {
  const allow: Allow<Session> = (_session, { action }) =>
    action === "view" || { reauthenticate: "/sign-in" };
  const user = { id: "7" };
  expect(await ask({ user }, allow)).toEqual({ id: "7", name: "7" });
  await expect(ask({ user }, allow, "restore")).rejects.toMatchObject({
    code: "REAUTHENTICATE",
    details: { path: "/sign-in", callbackParam: "callbackUrl" },
  });
});

it("denies access to a session without a person, as Auth.js gives where its set-up is wrong", async () => {
  let asked = 0;
  const allow = () => {
    asked += 1;
    return true;
  };
  const wrong = { message: "There was a problem with the server configuration." } as Session;
  for (const session of [wrong, {}, { user: {} }, { user: { id: "" } }]) {
    await expect(ask(session, allow)).rejects.toMatchObject({ code: "FORBIDDEN" });
  }
  expect(asked).toBe(0);
});
