import { expect, it } from "vitest";
import { parseConfig } from "../config.ts";
import { withCallback } from "../shared/next-address.ts";

const options = { prisma: {}, authorize: (): null => null };

it.each([
  [{}, "/api/auth/signin?callbackUrl=%2Fadmin%2Fbackup%2Fcreate"],
  [{ signInPath: "/login", callbackParam: "next" }, "/login?next=%2Fadmin%2Fbackup%2Fcreate"],
  [
    { signInPath: "https://a.example/in?to=app", callbackParam: "redirect_url" },
    "https://a.example/in?to=app&redirect_url=%2Fadmin%2Fbackup%2Fcreate",
  ],
  [{ signInPath: "/#sign-in" }, "/?callbackUrl=%2Fadmin%2Fbackup%2Fcreate#sign-in"],
])("the sign-in gets the way back by the name that it knows: %o", (given, expected) => {
  expect(withCallback(parseConfig({ ...options, ...given }), "/admin/backup/create")).toBe(
    expected,
  );
});
