import { dependenciesOf } from "../host/installed.ts";
import { readNextConfig } from "../host/next-app.ts";
import { withoutComments } from "../host/source-text.ts";
import { firstThere, readSources } from "../host/sources.ts";
import type { Report } from "./finding.ts";

const EDGE = {
  name: "Cloudflare Workers",
  environment: "CF_PAGES",
  files: ["wrangler.toml", "wrangler.jsonc", "wrangler.json"],
  packages: ["@opennextjs/cloudflare", "@cloudflare/next-on-pages"],
};

/** Hosting services that run an app as short-lived functions, and the files that identify them. */
const SERVERLESS: Array<typeof EDGE> = [
  { name: "Vercel", environment: "VERCEL", files: ["vercel.json", ".vercel"], packages: [] },
  {
    name: "Netlify",
    environment: "NETLIFY",
    files: ["netlify.toml"],
    packages: ["@netlify/plugin-nextjs"],
  },
  {
    name: "AWS Lambda",
    environment: "AWS_LAMBDA_FUNCTION_NAME",
    files: ["sst.config.ts", "serverless.yml"],
    packages: ["@opennextjs/aws", "sst"],
  },
];

/** Reports what the hosting service of the app does not allow. */
export async function checkHosting(
  { findings, ok, warning, problem }: Report,
  root: string,
  environment: Record<string, string | undefined> = process.env,
): Promise<void> {
  const before = findings.length;
  const dependencies = await dependenciesOf(root);
  const isFor = async (host: typeof EDGE) =>
    Boolean(environment[host.environment]) ||
    host.packages.some((name) => name in dependencies) ||
    (await firstThere(root, host.files)) !== null;

  if ((await readNextConfig(root))?.output === "export") {
    problem(
      "STATIC_EXPORT",
      'The Next config has output: "export": there is no server that could make a backup.',
      'Remove it, and run the app by "next start" or output: "standalone".',
    );
  }
  for (const { file, text } of await readSources(root)) {
    if (!text.includes("prisma-backup-admin") && !/\bbackupAdmin\.handlers\b/.test(text)) continue;
    if (
      !/\bexport\s+const\s+runtime\s*=\s*["'](?:experimental-)?edge["']/.test(withoutComments(text))
    )
      continue;
    problem(
      "EDGE_RUNTIME",
      `${file} runs in the edge runtime, which has neither TCP nor files.`,
      "Remove `runtime` there: Node.js is the default.",
    );
  }
  if (await isFor(EDGE)) {
    problem(
      "EDGE_RUNTIME",
      `This app seems to be made for ${EDGE.name}, which have no disk, little memory and short requests.`,
      "Run the page in a Node.js server beside it, or back up and restore from a terminal: npx prisma-backup create",
    );
  }
  for (const host of SERVERLESS) {
    if (!(await isFor(host))) continue;
    warning(
      "SERVERLESS",
      `This app seems to be made for ${host.name}, which runs it as functions.`,
      `Know the limits (docs/hosting.md), and restore from a terminal: npx prisma-backup restore FILE --url "$DIRECT_URL"`,
      [
        "A request's body has at most 4.5 MB (6 MB on Lambda): the page's chunks of 4 MiB do pass.",
        "A download ends with the function's time: raise maxDuration, or back up from a terminal.",
        "The disk is read-only but for /tmp, which functions do not share: an upload's parts may meet different ones, and then a restore from the page fails.",
      ],
    );
  }
  if (findings.length === before) ok("HOSTING", "No sign of a host with narrow limits.");
}
