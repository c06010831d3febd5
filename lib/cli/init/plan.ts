import path from "node:path";
import { BackupError } from "../../errors.ts";
import { readPeers } from "../doctor/versions.ts";
import { findSchema } from "../host/find-schema.ts";
import { readAliases } from "../host/import-alias.ts";
import { describe, readImports } from "../host/imports.ts";
import { dependenciesOf } from "../host/installed.ts";
import {
  findNextApp,
  findSignInPath,
  headersInNextConfig,
  type NextApp,
  placeMount,
} from "../host/next-app.ts";
import { ownCommands } from "../host/package-manager.ts";
import { firstThere, nameIn, readSources, readText, type Source } from "../host/sources.ts";
import { type Choices, chooseClient, chooseSignIn } from "./choices.ts";
import { findClients } from "./find-client.ts";
import { findRole } from "./find-role.ts";
import { describeSignIn, findSignIns } from "./find-sign-in.ts";
import { adviseOnProxy } from "./proxy.ts";
import { configFile, layoutFile, pageFile, ROUTE_FILE } from "./templates.ts";

export const DEFAULT_MOUNT = "/admin/backup";

export interface PlannedFile {
  /** Relative to the root, with slashes. */
  name: string;
  text: string;
  /** The existing file of that name, with any extension. Null if there is none. */
  present: { name: string; text: string } | null;
}

export interface InitPlan {
  /** What was found, as label and text. */
  facts: Array<[label: string, text: string]>;
  files: PlannedFile[];
  /** What is left to do, in order. */
  next: string[];
}

const NOTHING = "Nothing was written.";

/** Says what to write, and writes nothing. @throws CONFIG_INVALID if the add-on cannot be mounted here, UsageError */
export async function planInit(
  root: string,
  mount: string,
  choices: Choices = {},
): Promise<InitPlan> {
  const app = await findNextApp(root);
  const dependencies = await dependenciesOf(root);
  await requireVersions(root, dependencies);
  const relative = (file: string) => nameIn(root, file);
  const schema = await findSchema(root);
  if (schema?.provider && !/^postgres(?:ql)?$/.test(schema.provider)) {
    throw new BackupError(
      "CONFIG_INVALID",
      `${relative(schema.path)} is for ${schema.provider}, and backups are of PostgreSQL only. ${NOTHING}`,
    );
  }
  const { folder, needsRootLayout } = await placeMount(app, mount);

  const aliases = await readAliases(root);
  const { isTypeScript } = aliases;
  const sources = await readSources(root);
  const imports = await readImports(root, sources, aliases);
  const host = { root, aliases };
  const client = await chooseClient(host, await findClients(root, imports, aliases), choices);
  const signIn = await chooseSignIn(host, await findSignIns(root, imports, aliases), choices);
  const role = signIn && signIn.kind !== "clerk" ? findRole(schema, sources, signIn) : null;
  const who =
    signIn?.kind === "clerk" ? `whose publicMetadata.role is "admin" at Clerk` : role?.words;
  const isNextAuth = signIn?.kind === "next-auth" || signIn?.kind === "auth-js";
  const signInPath = isNextAuth ? null : await findSignInPath(app);

  const code = isTypeScript ? "ts" : "js";
  const jsx = isTypeScript ? "tsx" : "js";
  const basePath = mount === DEFAULT_MOUNT ? null : mount;
  const importsStyles = !(await hasStyles(root, sources));
  const config = { client, signIn, role, basePath, signInPath, folder };
  const wanted: Array<[file: string, text: string]> = [
    [`backup-admin.${code}`, configFile(config)],
    [`[[...view]]/page.${jsx}`, pageFile({ isTypeScript, importsStyles })],
    [`api/[...route]/route.${code}`, ROUTE_FILE],
  ];
  if (needsRootLayout) wanted.push([`layout.${jsx}`, layoutFile({ isTypeScript })]);
  const files = await Promise.all(
    wanted.map(async ([name, text]) => {
      const file = path.join(folder, name);
      const present = await presentFile(file);
      return {
        name: relative(file),
        text: usesTabs(sources) ? text.replaceAll("  ", "\t") : text,
        present: present && { name: relative(present.file), text: present.text },
      };
    }),
  );

  const facts: InitPlan["facts"] = [
    ["App directory", relative(app.appDirectory)],
    [
      "Prisma client",
      client ? describe(client) : "none found: to be filled in, or --client says it",
    ],
    ["Sign-in", signIn ? describeSignIn(signIn) : "none found: to be filled in, or --auth says it"],
    ["Who may", who ? `${who}, asked on each request` : "no one yet: to be filled in"],
    ["Mounted at", mount],
  ];
  const next = await nextSteps(app, mount, {
    configName: files[0]?.present?.name ?? files[0]?.name ?? "",
    isInstalled: "prisma-backup-admin" in dependencies,
    hasClient: client !== null,
    who,
    hasSignInPath: isNextAuth || signInPath !== null,
  });
  const own = await ownCommands(root);
  return { facts, files, next: next.map(own) };
}

/** What is left to do for a person, in order. */
async function nextSteps(
  app: NextApp,
  mount: string,
  found: {
    /** The name of the written configuration. */
    configName: string;
    isInstalled: boolean;
    hasClient: boolean;
    /** The people who may, in words. */
    who: string | undefined;
    hasSignInPath: boolean;
  },
): Promise<string[]> {
  const { configName, isInstalled, hasClient, who, hasSignInPath } = found;
  const address = `${app.config.basePath ?? "<your basePath>"}${mount}`;
  return [
    app.config.output === "export" &&
      `Remove output: "export" from the Next config: a static export has no server that could make a backup.`,
    !isInstalled && "Install the package: npm install prisma-backup-admin",
    !hasClient && `Import your app's PrismaClient in ${configName}.`,
    who
      ? `Check in ${configName} that the right people may back up and restore. Its last lines say who.`
      : `Say in ${configName} who may back up and restore. Until then, everyone is refused.`,
    !hasSignInPath && `Say in ${configName} where people sign in, as: signInPath: "/login",`,
    app.proxy &&
      adviseOnProxy((await readText(app.proxy)) ?? "", nameIn(app.root, app.proxy), mount),
    !app.config.namesFrames &&
      `Add to the Next config, so that no other site can put the page into a frame:\n\n${headersInNextConfig(mount).replaceAll(/^/gm, "     ")}\n`,
    `Start the app and open ${address}`,
    `Check everything, while the app runs: npx prisma-backup doctor --app http://localhost:3000${address}`,
  ].filter((it) => typeof it === "string");
}

/** @throws CONFIG_INVALID if an installed version is too old or too new */
async function requireVersions(root: string, declared: Record<string, string>): Promise<void> {
  const unfit = (await readPeers(root, declared)).filter(({ isFit }) => isFit === false);
  if (unfit.length === 0) return;
  throw new BackupError(
    "CONFIG_INVALID",
    `${unfit.map(({ label, version, range }) => `${label} ${version} is here, and ${range} is needed.`).join(" ")} ${NOTHING}`,
    {
      hint: `Update first: npm install ${unfit.map(({ name, range }) => `"${name}@${range}"`).join(" ")}`,
    },
  );
}

/** Whether most of the app's modules are indented with tabs, Biome's default. */
const usesTabs = (sources: readonly Source[]): boolean =>
  sources.filter(({ text }) => /^\t/m.test(text)).length >
  sources.filter(({ text }) => /^ {2}/m.test(text)).length;

/** Finds a file of that name with any extension that Next accepts. */
async function presentFile(file: string): Promise<{ file: string; text: string } | null> {
  const name = path.basename(file).replace(/\.\w+$/, "");
  const ends = ["ts", "tsx", "js", "jsx", "mjs"];
  const present = await firstThere(path.dirname(file), [
    path.basename(file),
    ...ends.map((end) => `${name}.${end}`),
  ]);
  return present === null ? null : { file: present, text: (await readText(present)) ?? "" };
}

/** Whether a module or stylesheet of the host imports our styles. Files of a mount do not count. */
async function hasStyles(root: string, sources: readonly Source[]): Promise<boolean> {
  const styles = "prisma-backup-admin/styles.css";
  if (sources.some(({ file, text }) => text.includes(styles) && !file.includes("[[...view]]")))
    return true;
  for (const folder of ["app", "src/app", "styles", "src/styles"]) {
    if ((await readText(path.join(root, folder, "globals.css")))?.includes(styles)) return true;
  }
  return false;
}
