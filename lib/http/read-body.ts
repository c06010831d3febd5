import type { z } from "zod";
import { BackupError } from "../errors.ts";

/** Enough for thousands of table names, or for a file of private keys. */
const MAX_BODY_BYTES = 2 ** 20;

/** @throws REQUEST_INVALID, which names what is wrong and never its value */
export async function readBody<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema>> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw invalid("The body has to be of type application/json.");
  return check(schema, parseJson(await readText(request)));
}

/** @throws REQUEST_INVALID, also for an unknown parameter or one that is given twice */
export function readQuery<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): z.output<Schema> {
  const given = [...new URL(request.url).searchParams];
  const names = new Set(given.map(([name]) => name));
  if (names.size < given.length) throw invalid("The request names a parameter twice.");
  return check(schema, Object.fromEntries(given));
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  throw invalid(`The request is not as expected: ${problems.join("; ")}.`);
}

async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  if (request.body) {
    for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > MAX_BODY_BYTES) throw invalid("The request is too large.");
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Do not pass the parser's error as the cause, because its message repeats a part of the text.
    throw invalid("The body is not valid JSON.");
  }
}

const invalid = (message: string): BackupError =>
  new BackupError("REQUEST_INVALID", `${message} Nothing has been done.`);
