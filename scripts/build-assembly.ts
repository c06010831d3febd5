/** `npm run build:assembly`: compiles the AssemblyScript sources into a file that is committed. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { main as asc } from "assemblyscript/asc";
import { ROOT } from "./run.ts";

const SOURCE = "lib/postgres/copy/assembly/index.ts";
export const COMPILED = path.join(ROOT, "lib/postgres/copy/compiled-assembly.ts");

const OPTIONS = ["--optimize", "--noAssert", "--runtime", "stub", "--enable", "simd"];

/** Returns the text of the file with the compiled code. @throws Error with the compiler's messages */
export async function compileAssembly(): Promise<string> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc(
    [SOURCE, ...OPTIONS, "--baseDir", ROOT, "--outFile", "out.wasm"],
    {
      writeFile(_name, content) {
        if (content instanceof Uint8Array) wasm = content;
      },
    },
  );
  if (error || !wasm) throw new Error(`asc failed.\n${stderr}`, { cause: error });
  const lines =
    Buffer.from(wasm)
      .toString("base64")
      .match(/.{1,96}/g) ?? [];
  return `/** What \`npm run build:assembly\` makes of \`assembly/\`: WebAssembly, in base64. */
export const COMPILED_ASSEMBLY = \`
${lines.join("\n")}
\`;
`;
}

if (import.meta.main) await writeFile(COMPILED, await compileAssembly());
