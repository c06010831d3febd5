/** AssemblyScript: what `npm run build:assembly` compiles. */
export { bytesRead, convertCopy, isBetweenRows, openCopy } from "./copy-to-json";
export { convertJson } from "./json-to-copy";

/** Where memory of the caller's own begins. */
export function heapBase(): usize {
  return __heap_base;
}
