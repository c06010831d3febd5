import { createRequire } from "node:module";
import { installedVersion } from "../host/installed.ts";
import type { Report } from "./finding.ts";

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
  { ok, problem }: Report,
  root: string,
  nodeVersion = process.versions.node,
): Promise<void> {
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
}

/**
 * Whether a version is in a range of this package's own package.json, like `>=6.16 <8` or `^4.24 || ^5.0.0-beta.19`. A
 * prerelease counts as its release.
 */
export const isInRange = (version: string, range: string): boolean =>
  range.split("||").some((part) =>
    [...part.matchAll(/([<>=^~]+)\s*([^\s<>=^~]+)|\S+/g)].every(([whole, operator, limit = ""]) => {
      const [found, wanted] = [partsOf(version), partsOf(limit)];
      const order = found[0] - wanted[0] || found[1] - wanted[1] || found[2] - wanted[2];
      if (operator === ">=") return order >= 0;
      if (operator === "<") return order < 0;
      if (operator === "^" && wanted[0] > 0) return order >= 0 && found[0] === wanted[0];
      throw new RangeError(`${whole} in ${range} is no known comparator.`);
    }),
  );

function partsOf(version: string): [major: number, minor: number, patch: number] {
  const [major = 0, minor = 0, patch = 0] = version.split(/[-+]/)[0]?.split(".").map(Number) ?? [];
  return [major || 0, minor || 0, patch || 0];
}
