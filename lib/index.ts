// A Client Component that reaches this module fails to build. See index.browser.ts.
import "server-only";

export * from "./public-api.ts";
