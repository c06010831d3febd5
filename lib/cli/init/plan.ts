import path from "node:path";
import { BackupError } from "../../errors.ts";
import { findAdminRole, findAuth } from "../host/find-auth.ts";
import { findClient } from "../host/find-client.ts";
import { readAliases } from "../host/import-alias.ts";
import { dependenciesOf } from "../host/installed.ts";
import { findNextApp, placeMount } from "../host/next-app.ts";
import { readPrismaSchema } from "../host/prisma-schema.ts";
import { firstThere, readSources, readText } from "../host/sources.ts";
import { configFile, layoutFile, pageFile, ROUTE_FILE } from "./templates.ts";

export const DEFAULT_MOUNT = "/admin/backup";

export interface PlannedFile {
  /** Relative to the root, with slashes. */
  name: string;
  text: string;
  /** What is there under that name, whatever its extension; null: nothing. */
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

/**
 * Looks at a host and says what to write. Writes nothing.
 *
 * @throws CONFIG_INVALID where this is no app that the add-on can be mounted into
 */
export async function planInit(root: string, mount: string): Promise<InitPlan> {
  const app = await findNextApp(root);
  const relative = (file: string) => path.relative(root, file).split(path.sep).join("/");
  const dependencies = await dependenciesOf(root);
  const schema = await readPrismaSchema(root);
  if (schema?.provider && !/^postgres(?:ql)?$/.test(schema.provider)) {
    throw new BackupError(
      "CONFIG_INVALID",
      `${relative(schema.path)} is for ${schema.provider}, and backups are of PostgreSQL only. ${NOTHING}`,
    );
  }

  const aliases = await readAliases(root);
  const { isTypeScript } = aliases;
  const sources = await readSources(root);
  const { found: client, unexported } = await findClient(root, sources, aliases);
  if (!client) {
    if (unexported[0] !== undefined) {
      throw new BackupError(
        "CONFIG_INVALID",
        `${relative(unexported[0])} makes a PrismaClient and does not export it. ${NOTHING}`,
        { hint: "Export it, as: export const prisma = new PrismaClient(…). Then run this again." },
      );
    }
    const hasPrisma = schema !== null || "@prisma/client" in dependencies;
    throw new BackupError(
      "CONFIG_INVALID",
      `${hasPrisma ? "No module of this app makes a PrismaClient" : "This app does not use Prisma"}. ${NOTHING}`,
      {
        hint: hasPrisma
          ? "Write a module that exports one, as lib/prisma.ts with: export const prisma = new PrismaClient(…). Then run this again."
          : "The page needs the app's PrismaClient. From a terminal, prisma-backup create and restore work with any PostgreSQL database.",
      },
    );
  }
  const auth = await findAuth(root, sources, aliases);
  const adminRole = auth.found ? findAdminRole(sources, schema) : null;
  const { folder, needsRootLayout } = await placeMount(app, mount);
  const importsStyles = !(await hasStyles(root, sources));

  const code = isTypeScript ? "ts" : "js";
  const jsx = isTypeScript ? "tsx" : "js";
  const wanted: Array<[file: string, text: string]> = [
    [
      `backup-admin.${code}`,
      configFile({
        client: { ...client, specifier: client.specifier(folder) },
        auth: auth.found && { ...auth.found, specifier: auth.found.specifier(folder) },
        adminRole,
        basePath: mount === DEFAULT_MOUNT ? null : mount,
      }),
    ],
    [`[[...view]]/page.${jsx}`, pageFile({ isTypeScript, importsStyles })],
    [`api/[...route]/route.${code}`, ROUTE_FILE],
    ...(needsRootLayout
      ? [[`layout.${jsx}`, layoutFile({ isTypeScript })] as [string, string]]
      : []),
  ];
  const files = await Promise.all(
    wanted.map(async ([name, text]) => {
      const file = path.join(folder, name);
      const present = await presentFile(file);
      return {
        name: relative(file),
        text,
        present: present && { name: relative(present.file), text: present.text },
      };
    }),
  );

  const generator = schema?.generators[0];
  const facts: InitPlan["facts"] = [
    ["App directory", relative(app.appDirectory)],
    [
      "Prisma client",
      `${client.name === "default" ? "the default export" : client.name}${client.isFunction ? "()" : ""} of ${client.specifier(folder).startsWith(".") ? relative(client.file) : client.specifier(folder)}${generator ? ` (generator ${generator.provider}${generator.output ? `, ${generator.output}` : ""})` : ""}`,
    ],
    [
      "Sign-in",
      auth.found
        ? `${auth.found.kind === "next-auth" ? "next-auth 4" : "Auth.js 5"}, ${auth.found.name === "default" ? "the default export" : auth.found.name} of ${relative(auth.found.file)}`
        : `none found: ${auth.reason}`,
    ],
    [
      "Who may",
      auth.found && adminRole !== null
        ? `whose session.user.role is ${JSON.stringify(adminRole)}`
        : "nobody yet: to be filled in",
    ],
    ["Mounted at", mount],
  ];

  return {
    facts,
    files,
    next: nextSteps({
      configName: files[0]?.present?.name ?? files[0]?.name ?? "",
      installed: "prisma-backup-admin" in dependencies,
      installCommand: await installCommand(root),
      allowed: auth.found ? (adminRole === null ? "addresses" : "role") : "nobody",
      address: `${app.config.basePath ?? "<your basePath>"}${mount}`,
      proxy: app.proxy && relative(app.proxy),
      isExported: app.config.output === "export",
    }),
  };
}

function nextSteps(options: {
  configName: string;
  installed: boolean;
  installCommand: string;
  allowed: "role" | "addresses" | "nobody";
  address: string;
  proxy: string | null;
  isExported: boolean;
}): string[] {
  const { configName, allowed, address, proxy } = options;
  const who = {
    role: `Check in ${configName} that the right people may: its last lines say who.`,
    addresses: `Say who may: set BACKUP_ADMINS to their e-mail addresses, in .env.local and where the app runs, or write another rule into ${configName}.`,
    nobody: `Say who may, in ${configName}: until then, everybody is refused.`,
  };
  return [
    options.isExported &&
      `Remove output: "export" from the Next config: a static export has no server that could make a backup.`,
    !options.installed && `Install the package: ${options.installCommand}`,
    who[allowed],
    proxy && `See to it that ${proxy} lets ${address} and all below it through.`,
    `Start the app and open ${address}`,
    `Check everything, while the app runs: npx prisma-backup doctor --app http://localhost:3000${address}`,
  ].filter((it) => typeof it === "string");
}

/** A file of that name, with any extension that Next takes. */
async function presentFile(file: string): Promise<{ file: string; text: string } | null> {
  const name = path.basename(file).replace(/\.\w+$/, "");
  const ends = ["ts", "tsx", "js", "jsx", "mjs"];
  const present = await firstThere(path.dirname(file), [
    path.basename(file),
    ...ends.map((end) => `${name}.${end}`),
  ]);
  return present === null ? null : { file: present, text: (await readText(present)) ?? "" };
}

/** Some module or stylesheet of the host, other than a mount's page, has our styles. */
async function hasStyles(
  root: string,
  sources: Array<{ file: string; text: string }>,
): Promise<boolean> {
  const styles = "prisma-backup-admin/styles.css";
  if (sources.some(({ file, text }) => text.includes(styles) && !file.includes("[[...view]]")))
    return true;
  const sheets = [
    "app/globals.css",
    "src/app/globals.css",
    "styles/globals.css",
    "src/styles/globals.css",
  ];
  for (const sheet of sheets) {
    if ((await readText(path.join(root, sheet)))?.includes(styles)) return true;
  }
  return false;
}

async function installCommand(root: string): Promise<string> {
  const lock = await firstThere(root, ["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"]);
  const tool = { "pnpm-lock.yaml": "pnpm add", "yarn.lock": "yarn add" }[path.basename(lock ?? "")];
  return `${tool ?? (lock ? "bun add" : "npm install")} prisma-backup-admin`;
}
