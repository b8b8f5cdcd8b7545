import { z } from "zod";
import { complete } from "./calls.ts";
import type { Inspector } from "./inspector.ts";
import type { LocalWorker } from "./local-worker.ts";
import { median } from "./statistics.ts";

const ANSWER_TOKENS = 32;
/** Microseconds between the profiler's samples: fine enough for some thousands of them, coarse enough to cost little. */
const SAMPLING_INTERVAL = 500;

/** Where the model is computed: the kernel's driver, and the sequences over it. */
const ENGINE = /(?:^|\/)(?:functions\/kernel|shared\/inference)\//;

/** Shares of the time that a caller waits for an answer of 32 tokens. */
export interface Overhead {
  /** All but the engine, its wasm and its JavaScript: HTTP, routing, lookup, tokens to text, sampling, waiting. */
  readonly ratio: number;
  /** All but wasm. */
  readonly allButWasm: number;
  /** All but what the Worker itself counts as prefill and decode (sampling among them), without a profiler. */
  readonly aroundGeneration: number;
}

const profileSchema = z.object({
  profile: z.object({
    nodes: z.array(
      z.object({
        id: z.int(),
        callFrame: z.object({ url: z.string(), lineNumber: z.int(), columnNumber: z.int() }),
      }),
    ),
    samples: z.array(z.int()),
    timeDeltas: z.array(z.number()),
  }),
});
type Profile = z.infer<typeof profileSchema>["profile"];
type CallFrame = Profile["nodes"][number]["callFrame"];

/**
 * Asks without and with V8's profiler: the one for the Worker's own timings, the other for what no timing can tell apart from
 * outside, the time inside wasm and in each source file. A profile for each answer, and the median of them: one pause of the
 * machine within a profile of all answers added up to 5 % to whatever function it fell on.
 */
export async function measureOverhead(
  worker: LocalWorker,
  inspector: Inspector,
  model: string,
  prompt: readonly number[],
  repeats: number,
): Promise<Overhead> {
  const ask = () => complete(worker, { model, prompt, max_tokens: ANSWER_TOKENS });
  const isWasm = ({ url }: CallFrame) => url.startsWith("wasm:");
  const isEngine = (frame: CallFrame) => isWasm(frame) || ENGINE.test(sourceOf(worker, frame));
  await inspector.send("Profiler.enable", z.unknown());
  await inspector.send("Profiler.setSamplingInterval", z.unknown(), { interval: SAMPLING_INTERVAL });
  const found: Overhead[] = [];
  for (let i = 0; i < repeats; i++) {
    const { wallMs: plainMs, timings } = await ask();
    await inspector.send("Profiler.start", z.unknown());
    const { wallMs } = await ask();
    const { profile } = await inspector.send("Profiler.stop", profileSchema);
    found.push({
      ratio: 1 - timeIn(profile, isEngine) / wallMs,
      allButWasm: 1 - timeIn(profile, isWasm) / wallMs,
      aroundGeneration: 1 - (timings.prefill + timings.decode) / plainMs,
    });
  }
  await inspector.send("Profiler.disable", z.unknown());
  const middle = (part: keyof Overhead) => median(found.map((each) => each[part]));
  return {
    ratio: middle("ratio"),
    allButWasm: middle("allButWasm"),
    aroundGeneration: middle("aroundGeneration"),
  };
}

/** The file that a function of the bundle was written in; empty for what is none of ours. */
function sourceOf({ sourceMap }: LocalWorker, { url, lineNumber, columnNumber }: CallFrame): string {
  if (!url.endsWith("worker.js")) return "";
  const entry = sourceMap.findEntry(lineNumber, columnNumber);
  return "originalSource" in entry ? entry.originalSource : "";
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
