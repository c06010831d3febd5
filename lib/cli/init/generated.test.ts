/** The files that `init` writes pass Biome with its defaults: formatted, without a finding, 80 columns wide. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { programOf } from "../../../scripts/run.ts";
import { makeHost } from "../../testing/host-files.ts";
import type { Reference } from "../host/imports.ts";
import type { Role } from "./find-role.ts";
import type { SignIn } from "./find-sign-in.ts";
import { type ConfigFile, configFile, layoutFile, pageFile, ROUTE_FILE } from "./templates.ts";

const reference = (specifier: string, exported: string, path = ""): Reference => ({
  name: `${specifier}#${exported}`,
  specifier: () => specifier,
  exported,
  path,
  uses: 1,
});
const PRISMA = reference("@/lib/prisma", "prisma");
const role = (key: Role["key"], field: string, condition: string): Role => ({
  ...{ model: "user", words: "", key, field, condition },
});
const ADMIN = role("id", "role", `user?.role === "ADMIN"`);

const CONFIGS: Record<string, Partial<ConfigFile>> = {
  nothing: {},
  client: { client: PRISMA, basePath: "/internal/db", signInPath: "/login" },
  part: { client: reference("../../../lib/prisma", "default", ".client") },
  long: { client: reference("@/modules/infrastructure/database/prisma-client", "prismaClient") },
};
const SIGN_INS: SignIn[] = [
  {
    kind: "next-auth",
    reference: reference("@/app/api/auth/[...nextauth]/options", "authOptions"),
  },
  { kind: "auth-js", reference: reference("~/server/auth", "auth") },
  { kind: "better-auth", reference: reference("@acme/auth", "default") },
  { kind: "clerk", reference: null },
];
for (const signIn of SIGN_INS) {
  CONFIGS[signIn.kind] = { client: PRISMA, signIn };
  CONFIGS[`${signIn.kind}-id`] = { client: PRISMA, signIn, role: ADMIN, signInPath: "/login" };
  CONFIGS[`${signIn.kind}-email`] = {
    client: reference("@acme/database", "getDatabase", "()"),
    signIn,
    role: role("email", "roles", `user?.roles.includes("ADMINISTRATOR") === true`),
  };
}

const FILES: Record<string, string> = {
  "route.ts": ROUTE_FILE,
  ...Object.fromEntries(
    [true, false].flatMap((isTypeScript) => {
      const end = isTypeScript ? "tsx" : "jsx";
      return [
        [`page.${end}`, pageFile({ isTypeScript, importsStyles: true })],
        [`page-without-styles.${end}`, pageFile({ isTypeScript, importsStyles: false })],
        [`layout.${end}`, layoutFile({ isTypeScript })],
      ];
    }),
  ),
};
const NOTHING: ConfigFile = {
  ...{ client: null, signIn: null, role: null, basePath: null, signInPath: null, folder: "/" },
};
for (const [name, config] of Object.entries(CONFIGS))
  FILES[`${name}.ts`] = configFile({ ...NOTHING, ...config });

test.for(Object.entries(FILES))("%s is at most 80 columns wide", ([, text]) => {
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("Biome finds nothing, with tabs as by default", async () => {
  const tabs = Object.entries(FILES).map(([name, text]) => [name, text.replaceAll("  ", "\t")]);
  const root = await makeHost({ "biome.json": "{}\n", ...Object.fromEntries(tabs) });
  const biome = programOf("@biomejs/biome", "biome");
  const ended = await promisify(execFile)(
    process.execPath,
    [biome, "check", "--error-on-warnings", "."],
    {
      cwd: root,
    },
  ).catch((error: { stdout: string; stderr: string }) => error);
  expect(ended.stderr + ended.stdout).toMatch(
    new RegExp(`^Checked ${Object.keys(FILES).length + 1} files in .*No fixes applied\\.\\s*$`),
  );
});
