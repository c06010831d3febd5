import type { Actor } from "../shared/api.ts";
import type { Context } from "./context.ts";

/** Returns for an error's details what can be unlocked again without another upload. */
export async function describeRetry(
  { uploads }: Pick<Context, "uploads">,
  actor: Actor,
  { uploadId, undoes }: { uploadId: string | null; undoes: string | null },
): Promise<Record<string, unknown>> {
  if (undoes !== null) return { undo: undoes };
  if (uploadId === null) return {};
  const upload = await uploads.find(uploadId, actor).catch(() => null);
  return { uploadId, ...(upload && { uploadExpiresAt: upload.expiresAt }) };
}
