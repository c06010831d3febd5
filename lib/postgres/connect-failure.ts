import { BackupError } from "../errors.ts";
import { CONNECTIONS_NEEDED } from "./connection-count.ts";

interface Reason {
  isMeant: RegExp;
  hint: string;
}

const TRUST =
  "Name the certificate's authority: sslmode=verify-full&sslrootcert=FILE in the connection string, or in the app `ssl: { ca }`. To encrypt without proof of who answers, as libpq does: uselibpqcompat=true&sslmode=require.";

/** By the code or the words of what failed, the first that fits. */
const REASONS: Reason[] = [
  {
    isMeant: /ERR_TLS_CERT_ALTNAME_INVALID/,
    hint: "Connect by a name that the server's certificate has.",
  },
  {
    isMeant: /CERT|UNABLE_TO_(?:GET|VERIFY)|self-signed/i,
    hint: TRUST,
  },
  {
    isMeant: /does not support SSL/i,
    hint: "This server speaks no TLS: use sslmode=disable, if the way to it is safe.",
  },
  {
    isMeant: /^28P01/,
    hint: "Check user and password in the connection string. Characters such as @, / or # in a password are percent-encoded.",
  },
  {
    isMeant: /^28/,
    hint: "Check user and TLS settings in the connection string, and the server's pg_hba.conf.",
  },
  { isMeant: /^3D000/, hint: "Check the database's name at the end of the connection string." },
  {
    isMeant: /^42501/,
    hint: "Grant the role CONNECT on this database.",
  },
  {
    isMeant: /^53300|too many connections/i,
    hint: `${CONNECTIONS_NEEDED} Wait until others have ended theirs, or allow more: CONNECTION LIMIT of the role or the database, or the server's max_connections.`,
  },
  {
    isMeant: /^(?:22|42)/,
    hint: "Check the connection string's options: the server takes one of them for wrong.",
  },
  { isMeant: /^57P03/, hint: "The server is starting or stopping. Try again in a moment." },
  {
    isMeant: /ENOTFOUND|EAI_AGAIN/,
    hint: "Check the host's name in the connection string, and the network.",
  },
  {
    isMeant: /ENETUNREACH|EHOSTUNREACH|EINVAL/,
    hint: "There is no way from here to this address. If it is an IPv6 address, this network may have none: take the host's IPv4 address, or a pooler in session mode (at Supabase, the session pooler's host).",
  },
];

const GENERAL =
  "Check that the server runs and that host, port and TLS settings of the connection string are right, then try again.";

export const DIRECT_HINT =
  "Give a direct connection, or a pooler in session mode: as DIRECT_URL, as `connectionString` of createBackupAdmin, or in a terminal as --url.";

/** An error of a pooler that refuses what PostgreSQL takes, or else null. */
export function refusedByPooler(error: unknown): BackupError | null {
  if (!(error instanceof Error) || !/unsupported startup parameter/i.test(error.message))
    return null;
  return new BackupError(
    "CONFIG_INVALID",
    "A pooler between the app and PostgreSQL does not take this connection string's settings.",
    {
      hint: `Leave “options” out of the connection string, or take another one. ${DIRECT_HINT}`,
      cause: error,
    },
  );
}

/** Whatever `connect()` failed with: nothing but connecting was tried. In the server's words, or Node's. */
export function describeConnectFailure(thrown: unknown): BackupError {
  if (thrown instanceof BackupError) return thrown;
  const error = firstOf(thrown);
  const refused = refusedByPooler(error);
  if (refused) return refused;
  const { message } = error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (/client password must be a (?:non-empty )?string/.test(message)) {
    return new BackupError(
      "CONFIG_INVALID",
      "The database server asks for a password, and the connection string has none.",
      {
        hint: "Write it as postgresql://user:password@host:5432/database, or set PGPASSWORD.",
        cause: thrown,
      },
    );
  }
  const words = [message, message.includes(code) ? "" : `(${code})`].filter(Boolean).join(" ");
  const known = REASONS.find(({ isMeant }) => isMeant.test(code) || isMeant.test(message));
  return new BackupError("DATABASE_UNREACHABLE", `The database cannot be reached: ${words}.`, {
    hint: known?.hint ?? GENERAL,
    cause: thrown,
  });
}

/** Of a host with several addresses, the first one's failure; the whole has no words of its own. */
function firstOf(thrown: unknown): Error {
  const [first] = thrown instanceof AggregateError ? thrown.errors : [];
  const error: unknown = first ?? thrown;
  return error instanceof Error ? error : new Error(String(error));
}

/** What a configuration cannot be read for. Its own words may hold the password. */
export function describeUnreadable(error: unknown): BackupError {
  const { code, path, message } = error as { code?: string; path?: string; message?: string };
  if (code === "ENOENT" || code === "EACCES" || /sslrootcert/.test(message ?? "")) {
    return new BackupError(
      "CONFIG_INVALID",
      code
        ? `A file that the connection string names cannot be read (${code}: ${path}): sslrootcert, sslcert or sslkey.`
        : "The connection string asks for a proof of the server's certificate, and names no sslrootcert to prove it by.",
      { hint: "Add sslrootcert=FILE with the certificate of its authority." },
    );
  }
  return new BackupError("CONFIG_INVALID", "The database's connection string cannot be read.", {
    hint: "It looks like postgresql://user:password@host:5432/database. Characters such as @, / or # in a password are percent-encoded.",
  });
}

/** What `pg` would take for the name of a database at some host. */
export const noUrl = (): BackupError =>
  new BackupError("CONFIG_INVALID", "The connection string is no PostgreSQL URL.", {
    hint: "It looks like postgresql://user:password@host:5432/database.",
  });

/** An address that Prisma's engine alone understands. */
export const prismasOwnUrl = (): BackupError =>
  new BackupError(
    "CONFIG_INVALID",
    "This connection string is Prisma's own, and leads to no PostgreSQL server that others could connect to.",
    {
      hint: "Give the postgresql:// URL of the same database: as DIRECT_URL, as `connectionString` of createBackupAdmin, or in a terminal as --url. `prisma dev` shows it as its TCP URL.",
    },
  );
