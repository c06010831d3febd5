import path from "node:path";
import { dependenciesOf, findInstalled } from "./installed.ts";
import { type PrismaSchema, readPrismaSchema } from "./prisma-schema.ts";

/** The schema of the app in `root`; else of a package of its own repository that it depends on, be it through others. */
export async function findSchema(root: string): Promise<PrismaSchema | null> {
  const folders = [path.resolve(root)];
  for (const folder of folders) {
    const schema = await readPrismaSchema(folder);
    if (schema) return schema;
    for (const name of Object.keys(await dependenciesOf(folder))) {
      const installed = await findInstalled(folder, name);
      // A workspace's package is linked to from node_modules, and not in it.
      const isOwn = installed !== null && !installed.split(path.sep).includes("node_modules");
      if (isOwn && !folders.includes(installed)) folders.push(installed);
    }
  }
  return null;
}
