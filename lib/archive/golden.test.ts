/**
 * One archive of every released format version and mode, as it was written then. They are never written again: a backup
 * made today must open in ten years.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readTables } from "../testing/archives.ts";
import { openArchive } from "./archive-reader.ts";

const path = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));

it.each([
  ["format-1.none.zip", {}],
  ["format-1.recipients.zip", { identity: readFileSync(path("identity.txt"), "utf8") }],
  ["format-1.passphrase.zip", { passphrase: "golden archive of format 1" }],
])(
  "%s opens",
  async (name, unlock) => {
    await using archive = await openArchive(path(name));
    await archive.unlock(unlock);
    expect(await readTables(archive)).toEqual({
      User: '[{"id":1,"name":"Ada","big":"9223372036854775807","note":{"$json":null}}\n,{"id":2,"name":"Grüße ☂","big":null,"note":null}\n]\n',
      "empty.table": "[\n]\n",
    });
    const { database, sequences, migrations, insertionOrder, warnings, tables } = archive.manifest;
    expect(archive.manifest.createdAt).toBe("2026-01-02T03:04:05.678Z");
    expect(database?.name).toBe("shop");
    expect(sequences).toEqual([
      {
        schema: "public",
        name: "User_id_seq",
        ownerTable: { schema: "public", name: "User" },
        ownerColumn: "id",
        lastValue: "2",
        isCalled: true,
      },
    ]);
    expect(migrations).toEqual([
      {
        name: "0_init",
        checksum: "c0ffee",
        finishedAt: "2026-01-01T00:00:00.000Z",
        rolledBackAt: null,
      },
    ]);
    expect(insertionOrder.edges[0]).toMatchObject({ role: "orders", onDelete: "CASCADE" });
    expect(warnings).toHaveLength(1);
    expect(tables[0]?.columns[2]).toEqual({ name: "big", type: "bigint", encoding: "text" });
  },
  30_000,
);
