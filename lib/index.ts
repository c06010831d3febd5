// A bundle for the browser that reaches this module fails to build.
import "server-only";

export * from "./public-api.ts";
