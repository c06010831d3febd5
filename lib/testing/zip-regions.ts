/** What each byte of a zip belongs to, determined independently of the library that the product uses. */

export type Region =
  | "local header"
  | "descriptor"
  | "directory"
  | "end"
  | "README"
  | "key"
  | "manifest"
  | "table";

/** For a zip without zip64 and without gaps between the entries. */
export function regionsOf(zip: Buffer): (position: number) => Region {
  const endAt = zip.length - 22;
  if (zip.readUInt32LE(endAt) !== 0x06054b50) throw new Error("no end");
  const directoryAt = zip.readUInt32LE(endAt + 16);
  const spans: Array<{ from: number; region: Region }> = [];
  for (let at = directoryAt; at < endAt; ) {
    const [nameBytes, extraBytes] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30)];
    const name = zip.toString("utf8", at + 46, at + 46 + nameBytes);
    const start = zip.readUInt32LE(at + 42);
    const content = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28);
    spans.push({ from: start, region: "local header" });
    spans.push({ from: content, region: contentRegion(name) });
    spans.push({ from: content + zip.readUInt32LE(at + 20), region: "descriptor" });
    at += 46 + nameBytes + extraBytes + zip.readUInt16LE(at + 32);
  }
  spans.push({ from: directoryAt, region: "directory" }, { from: endAt, region: "end" });
  spans.sort((a, b) => a.from - b.from);
  return (position) => {
    const span = spans.findLast(({ from }) => from <= position);
    if (!span) throw new Error("before the first entry");
    return span.region;
  };
}

/** Returns the region of an entry's content, or of a file in a folder. */
export function contentRegion(name: string): Region {
  if (name.startsWith("tables/")) return "table";
  if (name.startsWith("manifest.")) return "manifest";
  return name === "key.age" ? "key" : "README";
}
