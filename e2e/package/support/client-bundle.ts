import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { rolldown } from "rolldown";

export interface ClientBundle {
  /** Every imported module, used or not, with what it imports. */
  imports: Map<string, string[]>;
  /** Gzipped sizes: what a page with the panel loads first, and what it loads when needed. */
  firstBytes: number;
  laterBytes: number;
}

/** Bundles the panel for browsers, without the packages that every app has. */
export async function bundleClient(project: string): Promise<ClientBundle> {
  const imports = new Map<string, string[]>();
  const entry = path.join(project, "node_modules/prisma-backup-admin/dist/components/index.js");
  await using bundle = await rolldown({
    input: entry,
    cwd: project,
    platform: "browser",
    external: /^(react|react-dom|next)(\/|$)/,
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
    // It warns that each "use client" has no effect here.
    logLevel: "silent",
    plugins: [
      {
        name: "imports",
        moduleParsed: ({ id, importedIds, dynamicallyImportedIds }) =>
          void imports.set(id, [...importedIds, ...dynamicallyImportedIds]),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  const chunks = output.filter((it) => it.type === "chunk");
  const first = new Set(
    chunks.filter((it) => it.isEntry).flatMap((it) => [it.fileName, ...it.imports]),
  );
  let [firstBytes, laterBytes] = [0, 0];
  for (const { fileName, code } of chunks) {
    const { length } = await promisify(gzip)(code);
    if (first.has(fileName)) firstBytes += length;
    else laterBytes += length;
  }
  return { imports, firstBytes, laterBytes };
}
