import path from "node:path";
import { dependenciesOf, findInstalled } from "./installed.ts";
import { type PrismaSchema, readPrismaSchema } from "./prisma-schema.ts";

/** Returns the app's schema, else that of a package of the same repository that it depends on, even indirectly. */
export async function findSchema(root: string): Promise<PrismaSchema | null> {
  const folders = [path.resolve(root)];
  for (const folder of folders) {
    const schema = await readPrismaSchema(folder);
    if (schema) return schema;
    for (const name of Object.keys(await dependenciesOf(folder))) {
      const installed = await findInstalled(folder, name);
      // A package of the workspace is linked from node_modules, but its files are not in it.
      const isOwn = installed !== null && !installed.split(path.sep).includes("node_modules");
      if (isOwn && !folders.includes(installed)) folders.push(installed);
    }
  }
  return null;
}
