import { SECURITY_HEADERS } from "../../shared/security-headers.ts";

/** Returns what to write into a Next config so that the page has these headers. @param mount without Next's basePath */
export function headersInNextConfig(mount: string): string {
  const lines = SECURITY_HEADERS.map(
    ({ key, value }) => `      { key: ${JSON.stringify(key)}, value: ${JSON.stringify(value)} },\n`,
  );
  return `headers: async () => [
  {
    source: ${JSON.stringify(`${mount}/:path*`)},
    headers: [
${lines.join("")}    ],
  },
],`;
}
