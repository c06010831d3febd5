// A browser bundle that reaches this module fails to build, and the error says why. Turbopack checks packages for
// `server-only`, webpack does not.
import "server-only";
// @ts-expect-error There is no such module: bundlers show the name of what they cannot find.
import "prisma-backup-admin is for the server only: a Client Component must not import it";
