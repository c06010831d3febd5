import type { NextConfig } from "next";

const nextConfig: NextConfig = {
  basePath: "/internal",
  output: "standalone",
  poweredByHeader: false,
};

export default nextConfig;
