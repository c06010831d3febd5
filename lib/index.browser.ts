// A bundle for the browser that reaches this module fails to build, and its error is to say why. Turbopack looks for
// `server-only` in packages, webpack does not.
import "server-only";
// @ts-expect-error There is no such module: bundlers show the name of what they cannot find.
import "prisma-backup-admin is for the server only: a Client Component must not import it";
