import pg from "pg";
import { expect, test } from "vitest";
import { describeConnectFailure } from "./connect-failure.ts";

const attempt = { host: "db.example", hasPassword: true };
const ofNode = (code: string, message: string) => Object.assign(new Error(message), { code });
const ofServer = (code: string, message: string) =>
  Object.assign(new pg.DatabaseError(message, 1, "error"), { code });

test.each([
  ["ENETUNREACH", "connect ENETUNREACH 2001:db8::1:5432 - Local (:::0)", /IPv6/],
  ["ENETUNREACH", "connect ENETUNREACH 203.0.113.1:5432", /^There is no way/],
  ["EHOSTUNREACH", "connect EHOSTUNREACH 203.0.113.1:5432", /^There is no way/],
  ["EINVAL", "connect EINVAL 2001:db8::1:5432 - Local (:::0)", /IPv6/],
  ["EACCES", "connect EACCES 255.255.255.255:5432 - Local (0.0.0.0:0)", /firewall/],
  ["ENOENT", "connect ENOENT /var/run/nowhere/.s.PGSQL.5432", /unix_socket_directories/],
  ["ETIMEDOUT", "connect ETIMEDOUT 203.0.113.1:5432", /firewall/],
  ["CERT_HAS_EXPIRED", "certificate has expired", /renewed/],
  [
    "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "alert certificate required",
    /sslcert=FILE&sslkey/,
  ],
  ["SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in certificate chain", /sslrootcert/],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "wrong version number", /TLS/],
])("%s: %s", (code, message, hint) => {
  const error = describeConnectFailure(ofNode(code, message), attempt);
  expect(error).toMatchObject({
    code: "DATABASE_UNREACHABLE",
    message: expect.stringContaining(message),
    hint: expect.stringMatching(hint),
  });
  expect(error.message).toContain(code);
});

test.each([
  ["", "MAX_CLIENT_CONN reached", /pooler's own limit/],
  ["XX000", "Too Many Clients", /pooler's own limit/],
  ["XX000", "TENANT or user not found", /Supabase/],
  ["XX000", "server closed", /^A pooler or proxy/],
])("%s: %s, whatever the case", (code, message, hint) => {
  expect(describeConnectFailure(ofServer(code, message), attempt).hint).toMatch(hint);
});

test.each([
  ["28P01", "Passwort-Authentifizierung fehlgeschlagen", /password/],
  ["28000", "kein pg_hba.conf-Eintrag", /pg_hba\.conf/],
  ["3D000", "Datenbank »x« existiert nicht", /database's name/],
  ["42501", "keine Berechtigung für Datenbank x", /GRANT|Grant/],
  ["53300", "tut mir leid, schon zu viele Verbindungen", /Wait/],
  ["57P03", "das Datenbanksystem fährt herunter", /starting or stopping/],
])("%s, in German", (code, message, hint) => {
  expect(describeConnectFailure(ofServer(code, message), attempt)).toMatchObject({
    code: "DATABASE_UNREACHABLE",
    message: `The database cannot be reached: ${message} (${code}).`,
    hint: expect.stringMatching(hint),
  });
});

test.each(["ENETUNREACH", "ENOTFOUND"])("of Supabase's direct host, %s", (code) => {
  const host = "db.abcdefgh.supabase.co";
  expect(
    describeConnectFailure(ofNode(code, `${code} ${host}`), { ...attempt, host }).hint,
  ).toMatch(/postgres\.abcdefgh:PASSWORD@aws-0-REGION\.pooler\.supabase\.com:5432/);
});

test("a link-local address without its interface", () => {
  const error = ofNode("EINVAL", "connect EINVAL fe80::1:5432");
  expect(describeConnectFailure(error, { ...attempt, host: "fe80::1" }).hint).toContain("%25eth0");
});

test("each address's failure once", () => {
  const failures = ["::1", "127.0.0.1", "127.0.0.1"].map((address) =>
    ofNode("ECONNREFUSED", `connect ECONNREFUSED ${address}:5432`),
  );
  expect(describeConnectFailure(new AggregateError(failures), attempt).message).toBe(
    "The database cannot be reached: connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432.",
  );
});

test("no password, where the server compares an empty one", () => {
  expect(
    describeConnectFailure(ofServer("28P01", "…"), { ...attempt, hasPassword: false }),
  ).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining("has none") });
});
