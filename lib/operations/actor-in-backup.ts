/** Finds out whether the backup contains the account of the person who restores, and tells them what that means. */
import { Readable } from "node:stream";
import type { Archive } from "../archive/archive.ts";
import { ValueSearch } from "../archive/value-search.ts";
import { isMerge } from "../plan/restore-scope.ts";
import { quoteIdentifier } from "../postgres/identifiers.ts";
import { rowsOf } from "../postgres/rows-of.ts";
import type { CatalogColumn, CatalogTable } from "../schema/catalog.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import { findSessions, findSignIn } from "../schema/sign-in.ts";
import type { Actor, Check, RestorePlan, TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import type { Context } from "./context.ts";

/** What is known about the person's account once the archive has been read. */
export interface ActorInBackup {
  table: TableName;
  isInBackup: boolean;
  /** The database's table of sessions. Null if none was found. */
  sessions: TableName | null;
}

export interface ActorSearch {
  /** Wraps the archive: whoever reads all of it also searches it for the person. */
  archive: Pick<Archive, "manifest" | "readTable">;
  /** Call it after the archive has been read. Null if the answer is unknown. */
  result(): ActorInBackup | null;
}

/** Finds the person's account in the database. The search has no result unless exactly one row matches. */
export async function searchActor(
  context: Pick<Context, "config" | "database" | "models">,
  archive: Archive,
  actor: Actor,
): Promise<ActorSearch> {
  const place = await findActor(context, actor);
  if (!place) return { archive, result: () => null };
  const { table, column, value, sessions } = place;
  let search: ValueSearch | undefined;
  return {
    archive: {
      manifest: archive.manifest,
      readTable(archived, signal) {
        const content = archive.readTable(archived, signal);
        const known = archived.columns.find(({ name }) => name === column.name);
        if (tableKey(archived) !== tableKey(table) || known?.encoding !== "json") return content;
        search = new ValueSearch(column.name, isInteger(column) ? Number(value) : value);
        return Readable.from(watch(content, search), { objectMode: false });
      },
    },
    result() {
      const isInBackup = search?.isFound ?? null;
      return isInBackup === null ? null : { table, isInBackup, sessions };
    },
  };
}

async function* watch(content: AsyncIterable<Buffer>, search: ValueSearch): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    search.push(chunk);
    yield chunk;
  }
}

/** Adds a check that says what the restore means for the person who asked for it. */
export function withActor(plan: RestorePlan, found: ActorInBackup | null): RestorePlan {
  const isReplaced = ({ schema, name }: TableName) =>
    plan.tables.some(
      (it) => it.action === "replace" && tableKey(it) === tableKey({ schema, name }),
    );
  // A merge removes no account.
  if (!found || isMerge(plan.scope.mode) || !isReplaced(found.table)) return plan;
  const endsSessions = found.sessions !== null && isReplaced(found.sessions);
  const check: Check = found.isInBackup
    ? {
        name: "actor",
        state: "passed",
        message: `You are in this backup: your account comes back as it was then.${endsSessions ? " Sessions come back as they were, too, so you may have to sign in again." : ""}`,
      }
    : {
        name: "actor",
        state: "warning",
        message: `You are not in this backup: you will be signed out ${endsSessions ? "at once, since sessions are replaced, too" : "when your session ends, or at once if the app asks its database who may"}, and cannot sign in again with this account.`,
      };
  return { ...plan, actorIsInBackup: found.isInBackup, checks: [...plan.checks, check] };
}

interface Place {
  table: CatalogTable;
  column: CatalogColumn;
  value: string;
  sessions: CatalogTable | null;
}

const INTEGERS = ["int2", "int4", "int8"];
const TEXTS = ["text", "varchar", "uuid"];

const isInteger = ({ valueType }: CatalogColumn): boolean =>
  INTEGERS.includes(valueType.name ?? "");

/** JavaScript cannot hold larger integers exactly. No user id is that large. */
const isExact = (value: string): boolean => Number.isSafeInteger(Number(value));

async function findActor(
  { config, database, models }: Pick<Context, "config" | "database" | "models">,
  { id, name }: Actor,
): Promise<Place | null> {
  const client = await database.pool.connect();
  try {
    const { tables } = await readCatalog(client);
    const table = findSignIn(tables, models, config.signIn)?.users;
    if (!table?.canSelect || table.isLocked) return null;
    const sessions = findSessions(tables, models);
    const columns = table.columns
      .filter(({ valueType: { name: type, isArray } }) => {
        return !isArray && type !== null && [...INTEGERS, ...TEXTS].includes(type);
      })
      .toSorted((a, b) => rank(a) - rank(b));
    for (const value of new Set([id, name])) {
      for (const column of columns) {
        if (isInteger(column) && !isExact(value)) continue;
        // Two rows are enough to see that the value is not unique.
        const { rowCount } = await client.query(
          `SELECT FROM ${rowsOf(table)} t WHERE ${quoteIdentifier(column.name)}::text = $1 LIMIT 2`,
          [value],
        );
        if (rowCount === 1) return { table, column, value, sessions };
      }
    }
    return null;
  } catch {
    // The restore can go on without this answer. A policy may hide rows, or another session may alter the table.
    return null;
  } finally {
    client.release();
  }
}

const USUAL = ["id", "email"];

/** Sorts the columns that most likely identify a person first. */
const rank = ({ name }: CatalogColumn): number =>
  USUAL.includes(name.toLowerCase()) ? USUAL.indexOf(name.toLowerCase()) : USUAL.length;
