import { z } from "zod";
import { complete } from "./calls.ts";
import type { Inspector } from "./inspector.ts";
import type { LocalWorker } from "./local-worker.ts";

const ANSWER_TOKENS = 32;
/** Microseconds between the profiler's samples: fine enough for some thousands of them, coarse enough to cost little. */
const SAMPLING_INTERVAL = 500;

/** Shares of the time that a caller waits for an answer of 32 tokens. */
export interface Overhead {
  /** All but the model's own computation in wasm: HTTP, routing, lookup, tokens to text, sampling. */
  readonly ratio: number;
  /** All but what the Worker counts as prefill and decode, which includes sampling. */
  readonly aroundGeneration: number;
}

const profileSchema = z.object({
  profile: z.object({
    nodes: z.array(z.object({ id: z.int(), callFrame: z.object({ url: z.string() }) })),
    samples: z.array(z.int()),
    timeDeltas: z.array(z.number()),
  }),
});

/**
 * Measures once without and once with V8's profiler: the one for the Worker's own timings, the other for what no timing
 * can tell apart from outside, the time inside wasm.
 */
export async function measureOverhead(
  worker: LocalWorker,
  inspector: Inspector,
  model: string,
  prompt: readonly number[],
  repeats: number,
): Promise<Overhead> {
  const plain = await ask(worker, model, prompt, repeats);
  await inspector.send("Profiler.enable", z.unknown());
  await inspector.send("Profiler.setSamplingInterval", z.unknown(), { interval: SAMPLING_INTERVAL });
  await inspector.send("Profiler.start", z.unknown());
  const profiled = await ask(worker, model, prompt, repeats);
  const { profile } = await inspector.send("Profiler.stop", profileSchema);
  await inspector.send("Profiler.disable", z.unknown());
  return {
    ratio: 1 - wasmMilliseconds(profile) / profiled.wallMs,
    aroundGeneration: 1 - plain.modelMs / plain.wallMs,
  };
}

/** Sums over several answers, in milliseconds. */
async function ask(worker: LocalWorker, model: string, prompt: readonly number[], repeats: number) {
  const sums = { wallMs: 0, modelMs: 0 };
  for (let i = 0; i < repeats; i++) {
    const { wallMs, timings } = await complete(worker, { model, prompt, max_tokens: ANSWER_TOKENS });
    sums.wallMs += wallMs;
    sums.modelMs += timings.prefill + timings.decode;
  }
  return sums;
}

function wasmMilliseconds({ nodes, samples, timeDeltas }: z.infer<typeof profileSchema>["profile"]): number {
  const wasm = new Set(
    nodes.filter(({ callFrame }) => callFrame.url.startsWith("wasm:")).map(({ id }) => id),
  );
  // A sample's delta is the time before it; the next one's is the time that it stands for.
  const microseconds = samples.reduce((sum, id, i) => sum + (wasm.has(id) ? (timeDeltas[i + 1] ?? 0) : 0), 0);
  return microseconds / 1000;
}
