/** AssemblyScript: the entry point of `npm run build:assembly`. */
export { bytesRead, convertCopy, isBetweenRows, openCopy } from "./copy-to-json";
export { convertJson } from "./json-to-copy";

/** The address from which the caller may use the memory. */
export function heapBase(): usize {
  return __heap_base;
}
