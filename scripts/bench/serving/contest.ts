import { complete } from "./calls.ts";
import type { LocalWorker } from "./local-worker.ts";
import type { Output } from "../../dev/output.ts";
import { rivalFiles, startRival, type Rival, type RivalName } from "./rival.ts";
import type { Task, Timing } from "./rivals/protocol.ts";
import { SPEED } from "./settings.ts";
import { median } from "./statistics.ts";

/** Tokens per second. */
export interface Speed {
  readonly prefill: number;
  readonly decode: number;
}

export interface Contest {
  readonly ours: Speed;
  /** Or why a rival was not measured. */
  readonly rivals: Readonly<Record<RivalName, Speed | { readonly notMeasured: string }>>;
}

/** Runs the same input and the same number of tokens through our Worker and its rivals, in turn. */
export async function measureSpeed(
  worker: LocalWorker,
  model: string,
  prompt: readonly number[],
  repeats: number,
  output: Output,
): Promise<Contest> {
  const task: Task = { ids: [...prompt], answerTokens: SPEED.answerTokens };
  const names = Object.keys(rivalFiles) as RivalName[];
  const failures: Partial<Record<RivalName, string>> = {};
  const running = new Map<RivalName, Rival>();
  const times = new Map<string, Timing[]>();
  const note = (name: string, timing: Timing) => times.set(name, [...(times.get(name) ?? []), timing]);
  const fail = (name: RivalName, error: unknown) => {
    failures[name] = error instanceof Error ? error.message : String(error);
    running.get(name)?.stop();
    running.delete(name);
  };
  try {
    for (const name of names) {
      output.line(`Starting ${name}`);
      try {
        const rival = await startRival(name);
        running.set(name, rival);
        // The first run compiles and allocates.
        await rival.run(task);
      } catch (error) {
        fail(name, error);
      }
    }
    await ourTurn(worker, model, task);
    for (let i = 0; i < repeats; i++) {
      output.progress(`Speed, side by side: round ${i + 1}/${repeats}`);
      note("ours", await ourTurn(worker, model, task));
      for (const [name, rival] of running) {
        try {
          note(name, await rival.run(task));
        } catch (error) {
          fail(name, error);
        }
      }
    }
  } finally {
    for (const rival of running.values()) rival.stop();
  }
  const result = (name: RivalName) => {
    const reason = failures[name];
    return reason === undefined ? speedOf(times.get(name) ?? []) : { notMeasured: reason };
  };
  return {
    ours: speedOf(times.get("ours") ?? []),
    rivals: {
      "transformers.js": result("transformers.js"),
      "llama.cpp in wasm": result("llama.cpp in wasm"),
    },
  };
}

async function ourTurn(worker: LocalWorker, model: string, { ids, answerTokens }: Task): Promise<Timing> {
  const answer = await complete(worker, { model, prompt: ids, max_tokens: answerTokens + 1 });
  const { prefill, decode } = answer.timings;
  // The first token comes out of the prefill.
  return { prefillMs: prefill, decodeMs: decode, decodedTokens: answer.answerTokens - 1 };
}

function speedOf(timings: readonly Timing[]): Speed {
  return {
    prefill: median(timings.map(({ prefillMs }) => (SPEED.inputTokens / prefillMs) * 1000)),
    decode: median(timings.map(({ decodeMs, decodedTokens }) => (decodedTokens / decodeMs) * 1000)),
  };
}
