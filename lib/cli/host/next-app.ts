import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { BackupError } from "../../errors.ts";
import { SECURITY_HEADERS } from "../../shared/security-headers.ts";
import { dependenciesOf, readPackage } from "./installed.ts";
import { withoutComments } from "./source-text.ts";
import { firstThere, readText } from "./sources.ts";

export interface NextApp {
  root: string;
  /** Absolute path of `app` or `src/app`. */
  appDirectory: string;
  config: NextConfig;
  /** proxy.ts, or middleware.ts before Next 16. Absolute path, or null. */
  proxy: string | null;
}

/** The settings that can be read from the text of next.config. */
export interface NextConfig {
  /** Empty if there is none. Null if the text does not show its value. */
  basePath: string | null;
  output: "export" | "standalone" | null;
  /** Whether the configuration says which sites may frame a page. */
  namesFrames: boolean;
}

const NOTHING = "Nothing was written.";
const ENDS = ["ts", "tsx", "js", "jsx", "mjs", "mts"];
const withEnds = (name: string): string[] => ENDS.map((end) => `${name}.${end}`);

/** @throws CONFIG_INVALID if `root` is not the root of a Next.js app with the App Router */
export async function findNextApp(root: string): Promise<NextApp> {
  if (!(await readPackage(root))) {
    throw new BackupError("CONFIG_INVALID", `There is no package.json in ${root}. ${NOTHING}`, {
      hint: "Run this in the root of your Next.js app, where its package.json is.",
    });
  }
  const config = await readNextConfig(root);
  if (!("next" in (await dependenciesOf(root))) && config === null) {
    throw new BackupError(
      "CONFIG_INVALID",
      `Next.js is not among the dependencies of ${root}. ${NOTHING}`,
      { hint: "Run this in the root of your Next.js app; in a monorepo, in the app's own folder." },
    );
  }
  // Next looks for them in this order and takes the first.
  const appDirectory = await firstThere(root, ["app", "src/app"]);
  if (!appDirectory || !(await stat(appDirectory)).isDirectory()) {
    const hasPages = (await firstThere(root, ["pages", "src/pages"])) !== null;
    throw new BackupError(
      "CONFIG_INVALID",
      `${hasPages ? "This app has the Pages Router only" : "There is neither app nor src/app here"}. ${NOTHING}`,
      {
        hint: hasPages
          ? `Make a folder ${(await firstThere(root, ["src/pages"])) ? "src/app" : "app"} with a layout.tsx beside it: both routers work in one app. Then run this again.`
          : "Run this in the root of your Next.js app.",
      },
    );
  }
  const names = ["proxy", "src/proxy", "middleware", "src/middleware"].flatMap(withEnds);
  return {
    root,
    appDirectory,
    config: config ?? { basePath: "", output: null, namesFrames: false },
    proxy: await firstThere(root, names),
  };
}

export async function readNextConfig(root: string): Promise<NextConfig | null> {
  const file = await firstThere(root, withEnds("next.config"));
  const text = file && (await readText(file));
  if (text === null) return null;
  const code = withoutComments(text);
  const literal = /\bbasePath\s*:\s*(["'`])([^"'`$]*)\1/.exec(code)?.[2];
  const output = /\boutput\s*:\s*["'](export|standalone)["']/.exec(code)?.[1];
  return {
    basePath: literal ?? (/\bbasePath\b/.test(code) ? null : ""),
    output: output === "export" || output === "standalone" ? output : null,
    namesFrames: /X-Frame-Options|frame-ancestors/i.test(code),
  };
}

export interface MountPlace {
  /** Absolute path. */
  folder: string;
  /** Whether the mount needs its own root layout, because no layout above it has `<html>`. */
  needsRootLayout: boolean;
}

/**
 * Returns the folder for a mount, below those that already serve the beginning of its path, also through route groups,
 * so that their layouts and proxies apply to it. @throws CONFIG_INVALID if the host has a page there
 */
export async function placeMount(app: NextApp, mount: string): Promise<MountPlace> {
  const folders = await routeFolders(app.appDirectory);
  const segments = mount.slice(1).split("/");
  for (const { folder, route } of folders) {
    const page = route === mount ? await firstThere(folder, withEnds("page")) : null;
    if (page) {
      throw new BackupError(
        "CONFIG_INVALID",
        `${path.relative(app.root, page)} is a page at ${mount} already. ${NOTHING}`,
        {
          hint: "Choose another place, such as: npx prisma-backup init --mount /admin/database-backup",
        },
      );
    }
  }
  for (let count = segments.length; count >= 0; count--) {
    const route = `/${segments.slice(0, count).join("/")}`;
    const serving = folders.filter((it) => it.route === route);
    // If each route group has its own root layout, only that of a group for signed-in people suits such a page.
    const withLayout = serving.filter(
      (it) => it.hasRootLayout && (count > 0 || folders[0]?.hasRootLayout || rank(it.folder) === 0),
    );
    const isApp = ({ folder }: RouteFolder) => Number(folder !== app.appDirectory);
    const chosen =
      withLayout.toSorted((a, b) => isApp(a) - isApp(b) || rank(a.folder) - rank(b.folder))[0] ??
      (count === 0 ? serving[0] : undefined);
    if (chosen) {
      return {
        folder: path.join(chosen.folder, ...segments.slice(count)),
        needsRootLayout: !chosen.hasRootLayout,
      };
    }
  }
  return { folder: path.join(app.appDirectory, ...segments), needsRootLayout: true };
}

/** Guesses the path of the sign-in page from the names of folders. */
export async function findSignInPath({ appDirectory }: NextApp): Promise<string | null> {
  const routes = (await routeFolders(appDirectory)).map(({ route }) => route);
  return (
    routes.find(
      (route) => /^(?:\/[\w-]+)*\/(?:sign-?in|log-?in)$/.test(route) && !route.startsWith("/api"),
    ) ?? null
  );
}

const rank = (folder: string): number =>
  /\((?:admin|dashboard|protected|authenticated|private|app|backoffice)\)/.test(folder)
    ? 0
    : /\((?:auth|public|marketing|site|login)\)/.test(folder)
      ? 2
      : 1;

interface RouteFolder {
  folder: string;
  /** For example `/admin`. Route groups are left out. */
  route: string;
  hasRootLayout: boolean;
}

/** Returns every folder below `app` without a dynamic segment in its path. */
async function routeFolders(appDirectory: string): Promise<RouteFolder[]> {
  const hasLayout = async (folder: string) =>
    (await firstThere(folder, withEnds("layout"))) !== null;
  const folders: RouteFolder[] = [
    { folder: appDirectory, route: "/", hasRootLayout: await hasLayout(appDirectory) },
  ];
  for (const { folder, route, hasRootLayout } of folders) {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const { name } of entries.filter((it) => it.isDirectory())) {
      if (/^[[@_.]/.test(name) || /^\(\.+\)/.test(name)) continue;
      const below = path.join(folder, name);
      folders.push({
        folder: below,
        route: /^\(.*\)$/.test(name) ? route : `${route === "/" ? "" : route}/${name}`,
        hasRootLayout: hasRootLayout || (await hasLayout(below)),
      });
    }
  }
  return folders;
}

/** Returns what to write into a Next config so that the page has these headers. @param mount without Next's basePath */
export function headersInNextConfig(mount: string): string {
  const lines = SECURITY_HEADERS.map(
    ({ key, value }) => `      { key: ${JSON.stringify(key)}, value: ${JSON.stringify(value)} },\n`,
  );
  return `headers: async () => [
  {
    source: ${JSON.stringify(`${mount}/:path*`)},
    headers: [
${lines.join("")}    ],
  },
],`;
}
