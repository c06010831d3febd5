/** @type {import("next").NextConfig} */
export default {
  // `forbidden()` answers 403 with app/forbidden.tsx.
  experimental: { authInterrupts: true },
  poweredByHeader: false,
  // `npm test` checks types as a step of its own.
  typescript: { ignoreBuildErrors: true },
};
