import { createHash } from "node:crypto";
import { threadFor } from "./hold-thread.ts";
import { markOwn } from "./own-memory.ts";

/** What a stage may use. */
export interface StageTools {
  createHash: typeof createHash;
}

export interface StageWork {
  /** @param bytes the stage's until it returns. What it returns is a buffer of its own, or null for nothing */
  push(bytes: Buffer): Uint8Array<ArrayBuffer> | null;
  /** What is to be known at the end, if anything. */
  end(): string | null;
}

export interface StageKind<Options> {
  /**
   * Makes a stage of work on a stream's bytes, anew for each stream. Its text may run in a thread of its own, so that
   * it refers to nothing outside of itself: not to an import, nor to a constant of its module. Types are free.
   */
  make(options: Options, tools: StageTools): StageWork;
  /** By what a thread proves that it does the same there. */
  sample: { options: Options; input: string };
}

/** A stage at work, in a thread or in place. */
export interface Stage {
  /** Takes several chunks as one, and none of them for longer than the call. Answers come in their order. */
  push(chunks: readonly Buffer[]): Promise<Buffer | null>;
  end(): Promise<string | null>;
  /** To be called in any case, so that the thread can end. */
  close(): void;
}

/** Opens a stage in the thread that is held, where that has proven that it does the same; otherwise in place. */
export function openStage<Options>(kind: StageKind<Options>, options: Options): Stage {
  return threadFor(kind)?.open(kind, options) ?? openInPlace(kind, options);
}

export function openInPlace<Options>({ make }: StageKind<Options>, options: Options): Stage {
  const work = make(options, { createHash });
  return {
    async push(chunks) {
      const [first] = chunks;
      const output = work.push(chunks.length === 1 && first ? first : Buffer.concat(chunks));
      return output && markOwn(Buffer.from(output.buffer, output.byteOffset, output.length));
    },
    end: async () => work.end(),
    close() {},
  };
}
