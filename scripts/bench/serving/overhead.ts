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
    /** Microseconds of the machine's monotonic clock, which is `process.hrtime`'s too. */
    startTime: z.number(),
    samples: z.array(z.int()),
    timeDeltas: z.array(z.number()),
  }),
});
type Profile = z.infer<typeof profileSchema>["profile"];
type CallFrame = Profile["nodes"][number]["callFrame"];

/** When an answer was asked for and when it was here, in microseconds. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Asks without and with V8's profiler: the one for the Worker's own timings, the other for what no timing can tell apart from
 * outside, the time inside wasm and in each source file. The median of the answers' shares, since a pause of the machine adds up
 * to 5 % to whatever function it falls on; one profile for all answers, since starting one takes 50 ms and slows what
 * comes next.
 */
export async function measureOverhead(
  worker: LocalWorker,
  inspector: Inspector,
  model: string,
  prompt: readonly number[],
  repeats: number,
): Promise<Overhead> {
  const ask = () => complete(worker, { model, prompt, max_tokens: ANSWER_TOKENS });
  const plain: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const { wallMs, timings } = await ask();
    plain.push(1 - (timings.prefill + timings.decode) / wallMs);
  }
  await inspector.send("Profiler.enable", z.unknown());
  await inspector.send("Profiler.setSamplingInterval", z.unknown(), { interval: SAMPLING_INTERVAL });
  await inspector.send("Profiler.start", z.unknown());
  await ask();
  const spans: Span[] = [];
  for (let i = 0; i < repeats; i++) {
    const from = monotonicMicroseconds();
    await ask();
    spans.push({ from, to: monotonicMicroseconds() });
  }
  const { profile } = await inspector.send("Profiler.stop", profileSchema);
  await inspector.send("Profiler.disable", z.unknown());
  const isWasm = ({ url }: CallFrame) => url.startsWith("wasm:");
  const isEngine = (frame: CallFrame) => isWasm(frame) || ENGINE.test(sourceOf(worker, frame));
  return {
    ratio: median(sharesOfOthers(profile, spans, isEngine)),
    allButWasm: median(sharesOfOthers(profile, spans, isWasm)),
    aroundGeneration: median(plain),
  };
}

function monotonicMicroseconds(): number {
  return Number(process.hrtime.bigint()) / 1000;
}

/** The file that a function of the bundle was written in; empty for what is none of ours. */
function sourceOf({ sourceMap }: LocalWorker, { url, lineNumber, columnNumber }: CallFrame): string {
  if (!url.endsWith("worker.js")) return "";
  const entry = sourceMap.findEntry(lineNumber, columnNumber);
  return "originalSource" in entry ? entry.originalSource : "";
}

/** Which share of each span the profiled thread did not spend in the functions that match. */
function sharesOfOthers(
  { nodes, startTime, samples, timeDeltas }: Profile,
  spans: readonly Span[],
  matches: (frame: CallFrame) => boolean,
): number[] {
  const wanted = new Set(nodes.filter(({ callFrame }) => matches(callFrame)).map(({ id }) => id));
  const spent = spans.map(() => 0);
  let time = startTime;
  samples.forEach((id, i) => {
    time += timeDeltas[i] as number;
    // A sample's delta is the time before it; the next one's is the time that it stands for.
    const length = timeDeltas[i + 1] ?? 0;
    const span = wanted.has(id) ? spans.findIndex(({ from, to }) => time >= from && time < to) : -1;
    if (span >= 0) spent[span] = (spent[span] as number) + length;
  });
  return spans.map(({ from, to }, i) => 1 - (spent[i] as number) / (to - from));
}
