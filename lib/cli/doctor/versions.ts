import { createRequire } from "node:module";
import { installedVersion } from "../host/installed.ts";
import { type Finding, findingsOf } from "./finding.ts";
import { isInRange } from "./version-range.ts";

interface OwnPackage {
  version: string;
  engines: { node: string };
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

const LABELS: Record<string, string> = {
  next: "Next.js",
  react: "React",
  "react-dom": "React DOM",
  "@prisma/client": "Prisma",
  "next-auth": "next-auth",
};

/** What runs here and is installed in the host, against what this package supports. */
export async function checkVersions(
  root: string,
  nodeVersion = process.versions.node,
): Promise<Finding[]> {
  // By its own name, since the built files lie deeper than the sources.
  const own = createRequire(import.meta.url)("prisma-backup-admin/package.json") as OwnPackage;
  const { found, ok, problem } = findingsOf("Versions");
  const { node } = own.engines;
  if (isInRange(nodeVersion, node)) ok("NODE", `Node.js ${nodeVersion}`);
  else {
    problem(
      "NODE",
      `Node.js ${nodeVersion} is too old: ${node} is needed.`,
      "Update Node.js here and where the app runs: older ones cannot read or write zstd, in which backups are compressed.",
    );
  }
  for (const [name, range] of Object.entries(own.peerDependencies ?? {})) {
    const label = LABELS[name] ?? name;
    const version = await installedVersion(root, name);
    if (version === null) {
      if (own.peerDependenciesMeta?.[name]?.optional) continue;
      problem(
        "VERSION",
        `${label} is not installed here.`,
        `Run this in the app's root, after: npm install ${name}`,
      );
    } else if (isInRange(version, range)) ok("VERSION", `${label} ${version}`);
    else {
      problem(
        "VERSION",
        `${label} ${version} is not supported: ${range} is.`,
        `Install a version of ${name} that fits: npm install "${name}@${range}"`,
      );
    }
  }
  return found;
}
