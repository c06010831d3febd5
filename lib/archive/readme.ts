import type { EncryptionMode } from "../shared/api.ts";
import { FORMAT_VERSION, manifestEntryName } from "../shared/archive-format.ts";
import type { EntrySink } from "./entry-sink.ts";

/** Returns the text of README.txt: how to open this archive without this software. ASCII, 80 columns. */
export function readmeText(mode: EncryptionMode, createdAt: Date, kind: EntrySink["kind"]): string {
  const [intro, tools, prepare] = MODES[mode];
  const { easyWay, unzip, unpack } = KINDS[kind];
  const suffix = mode === "none" ? "json" : "json.zst.age";
  const decrypt = mode === "none" ? "cat" : "age -d -i identity.txt";
  const manifest = `${decrypt} ${manifestEntryName(mode)}`;
  const readTable = (table: string) =>
    `${decrypt} tables/${table}.${suffix}${mode === "none" ? "" : " | zstd -d"}`;
  return `BACKUP OF A POSTGRESQL DATABASE
made by prisma-backup-admin at ${createdAt.toISOString()} (archive format ${FORMAT_VERSION})

${intro}

THE EASY WAY
${easyWay} The rest of this page is for when that is not
possible. Every part of the archive opens with standard tools.

YOU NEED
${unzip}${tools}    jq           https://jqlang.org
    psql         comes with PostgreSQL

${unpack}
${prepare}
2. SEE WHAT IS THERE
The manifest lists tables, columns, rows, digests, sequences and migrations:
    ${manifest} > manifest.json.txt
    jq -ac '.tables[] | [.rows, .schema, .name, .entry]' manifest.json.txt

3. READ A TABLE
Each table is a JSON array with one row a line:
    ${readTable("public.User")} | head
    ${readTable("public.User")} | jq -c '.[] | select(.id == 1)'
Characters of a name outside A-Z a-z 0-9 _ - are percent-encoded in file names.

4. LOAD A TABLE BACK
Make the tables first, by the app's migrations: npx prisma migrate deploy
Load the tables in the manifest's order, so that foreign keys are satisfied:
    jq -ac '.insertionOrder.components[].tables[] | [.schema, .name]' manifest.json.txt
(Tables that refer to each other in a circle: as a superuser, begin with
SET session_replication_role = replica; which suspends foreign keys and triggers.)
Then for each table, in psql, started in this folder (a " within a name is
written "" in SQL):
    \\encoding UTF8
    CREATE TEMP TABLE line (n bigserial, json text);
    SET DateStyle = ISO; SET IntervalStyle = postgres; SET TimeZone = UTC;
    \\copy line (json) FROM PROGRAM '${readTable("public.User")}' (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')
    INSERT INTO "public"."User" OVERRIDING SYSTEM VALUE
      SELECT r.* FROM line,
        json_populate_record(NULL::"public"."User", substr(json, 2)::json) AS r
      WHERE length(json) > 1 ORDER BY n;
    TRUNCATE line;
Empty a table first that has rows already, as _prisma_migrations after a deploy.
Where the table has generated columns, name all the others, after INSERT INTO and
instead of r.*.
Two kinds of columns then need one more statement (the manifest has the types):
  json   UPDATE "public"."User" SET col = (col #>> '{}')::json;
  jsonb  UPDATE "public"."User" SET col = col -> '$json' WHERE col ? '$json';

5. SET THE SEQUENCES
In psql, after the tables are loaded. No name becomes SQL here:
    \\set sequences \`jq -c .sequences manifest.json.txt\`
    SELECT setval(format('%I.%I', s ->> 'schema', s ->> 'name')::regclass,
        (s ->> 'lastValue')::bigint, (s ->> 'isCalled')::boolean)
      FROM json_array_elements(:'sequences') AS s;

6. CHECK
sha256sum of each file under tables/ is its storedSha256 in the manifest:
    jq -r '.tables[] | "\\(.storedSha256)  \\(.entry)"' manifest.json.txt | sha256sum -c
${mode === "none" ? "" : CLEAN_UP}`;
}

const KINDS: Record<EntrySink["kind"], { easyWay: string; unzip: string; unpack: string }> = {
  zip: {
    easyWay: `Open the backup page of the app that made it, choose Restore, and give it this
zip file as it is, not unpacked.`,
    unzip: "    unzip        any zip tool\n",
    unpack: `1. UNPACK
    unzip BACKUP.zip -d backup && cd backup`,
  },
  folder: {
    easyWay: `Give this folder to PrismaRestore, as its folderName. Or pack it with any zip
tool, open the backup page of the app that made it, choose Restore, and give it
the zip file.`,
    unzip: "",
    unpack: `1. COPY
Work in a copy: the backup must stay as it is, with no file added to it.
    cp -R . ../backup-copy && cd ../backup-copy`,
  },
};

const ENCRYPTED_TOOLS = `    age          https://age-encryption.org
    zstd         https://facebook.github.io/zstd
`;

const CLEAN_UP = `
AFTERWARDS
Delete what you decrypted: manifest.json.txt, and identity.txt if you made it here.
`;

/** The protection, the required tools, and how to get the private key. */
const MODES: Record<EncryptionMode, [string, string, string]> = {
  passphrase: [
    `It is encrypted. It opens with the passphrase that was chosen when it was made;
without the passphrase nobody can open it.`,
    ENCRYPTED_TOOLS,
    `key.age holds the archive's key, protected by the passphrase. Open it once:
    age -d key.age > identity.txt
(Or give age "-i key.age" below; it then asks for the passphrase every time.)
`,
  ],
  recipients: [
    `It is encrypted to age recipients. It opens with the identity file (its line
begins with AGE-SECRET-KEY-) of any of them; without one nobody can open it.`,
    ENCRYPTED_TOOLS,
    `Below, identity.txt is your identity file, as age-keygen wrote it.
`,
  ],
  none: ["It is NOT encrypted: whoever has this file can read everything in it.", "", ""],
};
