import type { MessagePort } from "node:worker_threads";
import type { StageKind, StageTools, StageWork } from "./stage.ts";

/** What the thread is asked. `text` is a stage maker's. */
export type Question = { call: number; stage: number } & (
  | { ask: "open"; text: string; options: unknown }
  | { ask: "push"; shared: SharedArrayBuffer; bytes: number }
  | { ask: "end" }
  | { ask: "close" }
);

export interface Answer {
  call: number;
  output?: Uint8Array<ArrayBuffer> | string | null;
  error?: string;
}

/** The thread's program; its text is, so that it refers to nothing outside of itself. */
function serve(port: MessagePort, tools: StageTools): void {
  const makers = new Map<string, StageKind<unknown>["make"]>();
  const stages = new Map<number, StageWork>();

  function answer(question: Question): Answer["output"] {
    const { stage } = question;
    switch (question.ask) {
      case "open": {
        // The same function for the same text, so that what it learned to do fast is not forgotten.
        // biome-ignore lint/security/noGlobalEval: the text of a function of ours, in a thread that has nothing else
        const maker = makers.get(question.text) ?? globalThis.eval(`(${question.text})`);
        makers.set(question.text, maker);
        stages.set(stage, maker(question.options, tools));
        return null;
      }
      case "push":
        return stages.get(stage)?.push(Buffer.from(question.shared, 0, question.bytes)) ?? null;
      case "end":
        return stages.get(stage)?.end() ?? null;
      default:
        stages.delete(stage);
        return null;
    }
  }

  port.on("message", (question: Question) => {
    const { call } = question;
    try {
      const output = answer(question);
      port.postMessage({ call, output }, output instanceof Uint8Array ? [output.buffer] : []);
    } catch (error) {
      port.postMessage({ call, error: error instanceof Error ? error.message : String(error) });
    }
  });
}

export const PROGRAM = `(${serve})(
  require("node:worker_threads").parentPort,
  { createHash: require("node:crypto").createHash },
)`;
