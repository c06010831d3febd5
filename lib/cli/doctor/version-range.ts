/**
 * Whether a version is in a range like `>=6.16 <8` or `^4.24 || >=5`. It understands the ranges in this package's own
 * package.json. A prerelease counts as its release.
 */
export function isInRange(version: string, range: string): boolean {
  return range.split("||").some((part) =>
    part
      .trim()
      .replaceAll(/([<>=^~]+)\s+/g, "$1")
      .split(/\s+/)
      .every((comparator) => satisfies(version, comparator)),
  );
}

function satisfies(version: string, comparator: string): boolean {
  const [, operator = "", wanted = ""] = /^(>=|<=|>|<|=|\^|~)?v?(.*)$/.exec(comparator) ?? [];
  if (wanted === "" || wanted === "*" || wanted === "x") return true;
  const order = compare(version, wanted);
  const [major, minor] = partsOf(version);
  const [wantedMajor, wantedMinor] = partsOf(wanted);
  switch (operator) {
    case ">=":
      return order >= 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case "<":
      return order < 0;
    case "^":
      return order >= 0 && major === wantedMajor && (major > 0 || minor === wantedMinor);
    case "~":
      return order >= 0 && major === wantedMajor && minor === wantedMinor;
    default: {
      // Compare only as many parts as the range gives.
      const given = wanted.split(".").length;
      return partsOf(version).slice(0, given).join() === partsOf(wanted).slice(0, given).join();
    }
  }
}

function compare(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}

function partsOf(version: string): [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = version.split(/[-+]/)[0]?.split(".").map(Number) ?? [];
  return [major || 0, minor || 0, patch || 0];
}
