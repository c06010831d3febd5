import { isIPv6 } from "node:net";
import { BackupError } from "../../errors.ts";
import { CONNECTIONS_NEEDED } from "./connection-count.ts";

const NO_WAY = /^(?:ENETUNREACH|EHOSTUNREACH|EINVAL|EADDRNOTAVAIL|EAFNOSUPPORT)$/;
const NO_ANSWER = /^(?:ETIMEDOUT|ENOTFOUND|EAI_)/;

/** By the error's code, or by its message if there is none or it is a pooler's, which says little. The first wins. */
const HINTS: ReadonlyArray<[isMeant: RegExp, hint: string]> = [
  [
    /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)/,
    "Have the server's certificate renewed, or set this machine's clock.",
  ],
  [
    /^ERR_SSL_\w*CERTIFICATE_REQUIRED/,
    "The server asks for a certificate of the client's: sslcert=FILE&sslkey=FILE in the connection string, or in the app `ssl: { cert, key }`.",
  ],
  [
    /^(?:EPROTO|ERR_SSL|ERR_OSSL|ERR_TLS)/,
    "Client and server do not agree on TLS: check sslmode, sslrootcert, sslcert and sslkey in the connection string.",
  ],
  [
    /CERT|^UNABLE_TO_/,
    "Name the certificate's authority: sslmode=verify-full&sslrootcert=FILE in the connection string, or in the app `ssl: { ca }`. To encrypt without proof of who answers, as libpq does: uselibpqcompat=true&sslmode=require.",
  ],
  [
    /does not support SSL/,
    "This server speaks no TLS: use sslmode=prefer or sslmode=disable, if the way to it is safe.",
  ],
  [
    /^28P01/,
    "Check user and password in the connection string. Characters such as @, / or # in a password are percent-encoded.",
  ],
  [
    /^28/,
    "Check user and TLS settings (sslmode) in the connection string, and the server's pg_hba.conf.",
  ],
  [/^3D000/, "Check the database's name at the end of the connection string."],
  [/^42501/, "Grant the role CONNECT on this database."],
  [
    /^53300|max_client_conn|max client|too many/i,
    `${CONNECTIONS_NEEDED} Wait until others have ended theirs, or allow more: CONNECTION LIMIT of the role or the database, the server's max_connections, or the pooler's own limit.`,
  ],
  [/^(?:22|42)/, "Check the connection string's options: the server takes one of them for wrong."],
  [/^57P03/, "The server is starting or stopping. Try again in a moment."],
  [
    /^57014/,
    "A time limit of the role, the database or a pooler is too short for a connection: raise it (statement_timeout).",
  ],
  [
    /tenant or user not found/i,
    "Check user and host. At Supabase's pooler the user is postgres.PROJECT, and the host that of the project's region.",
  ],
  [
    /^(?:08P01|XX000)/,
    "A pooler or proxy before the server says this: check user, database and its own settings, or whether its service is disturbed, then try again.",
  ],
  [
    /^ENOENT/,
    "There is no such socket: check the folder (host=…) and the port, which is a part of the socket's name, and that the server runs. It says where its sockets are: SHOW unix_socket_directories.",
  ],
  [
    /^(?:EACCES|EPERM)/,
    "This system does not let the app connect there: check the address, a firewall, or the rights on the socket's folder.",
  ],
  [/^(?:ENOTFOUND|EAI_)/, "Check the host's name in the connection string, and the network."],
  [NO_WAY, "There is no way from here to this address: check the host, and the network."],
  [
    /^ETIMEDOUT/,
    "Check host and port, and whether a firewall or an allow list of addresses is in between. A server that sleeps may need a second try.",
  ],
  [
    /^ECONNRESET|terminated unexpectedly|establishing an SSL|received invalid response/,
    "What answers there may be no PostgreSQL server, or a proxy that does not reach it: check host, port and TLS settings (sslmode).",
  ],
  [
    /authenticationOk message type|Only mechanism/,
    "Let the server ask this role for a password (scram-sha-256 in pg_hba.conf): `pg` knows no other kind, such as GSSAPI.",
  ],
];

export const DIRECT_HINT =
  "Give a direct connection, or a pooler in session mode: as DIRECT_URL, as `connectionString` of createBackupAdmin, or in a terminal as --url.";

/** Describes a failure of `connect()`, in the words of the server or of Node. Nothing but connecting was tried. */
export function describeConnectFailure(
  thrown: unknown,
  { host, hasPassword }: { host: string; hasPassword: boolean },
): BackupError {
  if (thrown instanceof BackupError) return thrown;
  // If a host has several addresses, Node throws one error that holds each address's failure and has no message itself.
  const all: unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown];
  const errors = all.map((it) => (it instanceof Error ? it : new Error(String(it))));
  const failures = errors.map((error) => ({ code: codeOf(error), message: error.message.trim() }));
  if (failures.some(({ message }) => /unsupported startup parameter/i.test(message))) {
    return new BackupError(
      "CONFIG_INVALID",
      "A pooler between the app and PostgreSQL does not take this connection string's settings.",
      {
        hint: `Leave “options” out of the connection string, or take another one. ${DIRECT_HINT}`,
        cause: thrown,
      },
    );
  }
  const asks = failures.some(
    ({ code, message }) => code === "28P01" || message.includes("client password must be"),
  );
  if (asks && !hasPassword) {
    return new BackupError(
      "CONFIG_INVALID",
      "The database server asks for a password, and the connection string has none.",
      {
        hint: "Write it as postgresql://user:password@host:5432/database, or set PGPASSWORD.",
        cause: thrown,
      },
    );
  }
  const names = errors.map(certificateNames).find(Boolean);
  const words = failures.map(({ code, message }) =>
    message.includes(code) ? message : `${message} (${code})`,
  );
  return new BackupError(
    "DATABASE_UNREACHABLE",
    `The database cannot be reached: ${[...new Set(words)].join("; ").replace(/\.$/, "")}.`,
    {
      hint: names
        ? `Connect by a name that the server's certificate has: ${names}.`
        : hintFor(failures, host),
      cause: thrown,
    },
  );
}

/** The names in the certificate, if it belongs to another host. Node's message lists them for some hosts only. */
function certificateNames(error: unknown): string | undefined {
  const { cert } = error as { cert?: { subject?: { CN?: unknown }; subjectaltname?: unknown } };
  const names = cert?.subjectaltname ?? cert?.subject?.CN;
  return names === undefined ? undefined : String(names).replaceAll(/\b(?:DNS|IP Address):/g, "");
}

const codeOf = (error: Error): string =>
  "code" in error && typeof error.code === "string" ? error.code : "";

interface Failure {
  code: string;
  message: string;
}

function hintFor(failures: readonly Failure[], host: string): string {
  const is = (isMeant: RegExp) => failures.some(({ code }) => isMeant.test(code));
  const isFar = is(NO_WAY) || is(NO_ANSWER);
  const [, project] = /^db\.([^.]+)\.supabase\.co$/.exec(host) ?? [];
  if (project && isFar) {
    return `${host} has an IPv6 address only, unless that is paid for. Use the session pooler's host, as “Connect” in Supabase's dashboard shows it: postgresql://postgres.${project}:PASSWORD@aws-0-REGION.pooler.supabase.com:5432/postgres`;
  }
  if (/^fe80:/i.test(host) && isFar) {
    return "An address that begins with fe80: is an IPv6 address of one network interface, which has to be named: ?host=fe80::1%25eth0. Or take the server's name.";
  }
  if (is(NO_WAY) && failures.some(({ message }) => message.split(" ").some(hasIPv6))) {
    return "This may be an IPv6 address that this network has no way to: take the host's IPv4 address, or a pooler in session mode that has one.";
  }
  for (const [isMeant, hint] of HINTS) {
    const isHere = ({ code, message }: Failure) =>
      isMeant.test(code) || (/^(?:|08P01|XX000)$/.test(code) && isMeant.test(message));
    if (failures.some(isHere)) return hint;
  }
  return "Check that the server runs and that host, port and TLS settings of the connection string are right, then try again.";
}

/** True for an IPv6 address, also with a port as Node writes it: `2001:db8::1:5432`. */
const hasIPv6 = (word: string): boolean => isIPv6(word) || isIPv6(word.replace(/:\d+$/, ""));

/** Explains why a configuration cannot be read. Leaves out the original message, which may contain the password. */
export function describeUnreadable(error: unknown): BackupError {
  const { code, path, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall !== undefined || /sslrootcert/.test(message)) {
    return new BackupError(
      "CONFIG_INVALID",
      syscall
        ? `A file that the connection string names cannot be read (${[code, path].filter(Boolean).join(": ")}): sslrootcert, sslcert or sslkey.`
        : "The connection string asks for a proof of the server's certificate, and names no sslrootcert to prove it by.",
      { hint: "Add sslrootcert=FILE with the certificate of its authority." },
    );
  }
  return new BackupError("CONFIG_INVALID", "The database's connection string cannot be read.", {
    hint: "It looks like postgresql://user:password@host:5432/database. Characters such as @, / or # in a password are percent-encoded.",
  });
}

/** For a connection string that `pg` would take for the name of a database on some host. */
export const noUrl = (): BackupError =>
  new BackupError("CONFIG_INVALID", "The connection string is no PostgreSQL URL.", {
    hint: "It looks like postgresql://user:password@host:5432/database.",
  });

/** For a connection string that only Prisma's engine understands. */
export const prismasOwnUrl = (): BackupError =>
  new BackupError(
    "CONFIG_INVALID",
    "This connection string is Prisma's own, and leads to no PostgreSQL server that others could connect to.",
    {
      hint: "Give the postgresql:// URL of the same database: as DIRECT_URL, as `connectionString` of createBackupAdmin, or in a terminal as --url. `prisma dev` shows it as its TCP URL.",
    },
  );
