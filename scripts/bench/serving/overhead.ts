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
  /** All but what the Worker itself counts as prefill and decode (sampling among them), without a profiler. */
  readonly aroundGeneration: number;
}

const profileSchema = z.object({
  profile: z.object({
    nodes: z.array(z.object({ id: z.int(), callFrame: z.object({ url: z.string() }) })),
    samples: z.array(z.int()),
    timeDeltas: z.array(z.number()),
  }),
});
type Profile = z.infer<typeof profileSchema>["profile"];
type CallFrame = Profile["nodes"][number]["callFrame"];

/**
 * Asks in turn without and with V8's profiler: the one for the Worker's own timings, the other for what no timing can tell
 * apart from outside, the time inside wasm.
 */
export async function measureOverhead(
  worker: LocalWorker,
  inspector: Inspector,
  model: string,
  prompt: readonly number[],
  repeats: number,
): Promise<Overhead> {
  const ask = () => complete(worker, { model, prompt, max_tokens: ANSWER_TOKENS });
  const plain = { wallMs: 0, modelMs: 0 };
  const profiled = { wallMs: 0, wasmMs: 0 };
  await inspector.send("Profiler.enable", z.unknown());
  await inspector.send("Profiler.setSamplingInterval", z.unknown(), { interval: SAMPLING_INTERVAL });
  for (let i = 0; i < repeats; i++) {
    const { wallMs, timings } = await ask();
    plain.wallMs += wallMs;
    plain.modelMs += timings.prefill + timings.decode;
    await inspector.send("Profiler.start", z.unknown());
    profiled.wallMs += (await ask()).wallMs;
    const { profile } = await inspector.send("Profiler.stop", profileSchema);
    profiled.wasmMs += timeIn(profile, ({ url }) => url.startsWith("wasm:"));
  }
  await inspector.send("Profiler.disable", z.unknown());
  return {
    ratio: 1 - profiled.wasmMs / profiled.wallMs,
    aroundGeneration: 1 - plain.modelMs / plain.wallMs,
  };
}

/** Milliseconds that the profiled thread spent in the functions that match. */
function timeIn({ nodes, samples, timeDeltas }: Profile, matches: (frame: CallFrame) => boolean): number {
  const wanted = new Set(nodes.filter(({ callFrame }) => matches(callFrame)).map(({ id }) => id));
  // A sample's delta is the time before it; the next one's is the time that it stands for.
  const microseconds = samples.reduce(
    (sum, id, i) => sum + (wanted.has(id) ? (timeDeltas[i + 1] ?? 0) : 0),
    0,
  );
  return microseconds / 1000;
}
