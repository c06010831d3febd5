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

interface Peer {
  name: string;
  label: string;
  range: string;
  isOptional: boolean;
  /** Null if it is not installed and package.json gives no version number. */
  version: string | null;
  isFit: boolean | null;
}

// By the package's name, because the built files are in a deeper folder than the sources.
const readOwn = () =>
  createRequire(import.meta.url)("prisma-backup-admin/package.json") as OwnPackage;

/** Returns this package's peers as found in a host. @param declared the ranges for those that are not installed */
export async function readPeers(
  root: string,
  declared: Record<string, string> = {},
): Promise<Peer[]> {
  const { peerDependencies, peerDependenciesMeta } = readOwn();
  return Promise.all(
    Object.entries(peerDependencies ?? {}).map(async ([name, range]) => {
      const version = (await installedVersion(root, name)) ?? newestOf(declared[name]);
      return {
        name,
        label: LABELS[name] ?? name,
        range,
        isOptional: peerDependenciesMeta?.[name]?.optional === true,
        version,
        isFit: version === null ? null : isInRange(version, range),
      };
    }),
  );
}

/** `^14.2.0` may be any 14. */
function newestOf(range: string | undefined): string | null {
  const [, sign, version = "", major] = /^([\^~]?)((\d+)[\w.-]*)$/.exec(range ?? "") ?? [];
  if (major === undefined) return null;
  return sign === "^" && major !== "0" ? `${major}.999.999` : version;
}

/** Compares the installed versions with those that this package supports. */
export async function checkVersions(
  root: string,
  nodeVersion = process.versions.node,
): Promise<Finding[]> {
  const { found, ok, problem } = findingsOf("Versions");
  const { node } = readOwn().engines;
  if (isInRange(nodeVersion, node)) ok("NODE", `Node.js ${nodeVersion}`);
  else {
    problem(
      "NODE",
      `Node.js ${nodeVersion} is too old: ${node} is needed.`,
      "Update Node.js here and on the app's server. Older versions cannot read or write zstd, the compression of backups.",
    );
  }
  for (const { name, label, range, isOptional, version, isFit } of await readPeers(root)) {
    if (version === null) {
      if (isOptional) continue;
      problem(
        "VERSION",
        `${label} is not installed here.`,
        `Run this in the app's root, after: npm install ${name}`,
      );
    } else if (isFit) ok("VERSION", `${label} ${version}`);
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
