/** `npm run fuzz -- [--runs N] [--seed S]`: byte-mutated files and events; ends with 1 on a crash, a hang or too much memory. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { fuzz, inputOf, type FuzzResult } from "./fuzz.ts";

/** Of the thread that reads the inputs: a hundred times what the largest of them has. */
const MAX_HEAP_MB = 64;
/** Of the whole process, buffers outside of heaps included; Node alone takes about a third. */
const MAX_RSS_MB = 384;
/** One input may take this long on a busy machine; they take microseconds. */
const HANG_MS = 30_000;
const CHUNK = 20_000;

interface Task {
  readonly seed: number;
  readonly runs: number;
  /** The number of the input at work. */
  readonly progress: SharedArrayBuffer;
}

if (isMainThread) await supervise();
else await work(workerData as Task);

async function work({ seed, runs, progress }: Task): Promise<void> {
  const at = new Int32Array(progress);
  for (let from = 0; from < runs; from += CHUNK) {
    const result = await fuzz(seed, from, Math.min(runs, from + CHUNK), (number) =>
      Atomics.store(at, 0, number),
    );
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    parentPort?.postMessage(result);
  }
}

async function supervise(): Promise<void> {
  const { values } = parseArgs({
    options: { runs: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
  });
  const [runs, seed] = [Number(values.runs), Number(values.seed)];
  if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) {
    console.error(`--runs is "${values.runs}" and --seed "${values.seed}", wanted whole numbers`);
    process.exit(2);
  }
  const task: Task = { seed, runs, progress: new SharedArrayBuffer(4) };
  const results: FuzzResult[] = [];
  const began = performance.now();
  const worker = new Worker(new URL(import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  worker.on("message", (result: FuzzResult) => results.push(result));
  const over = new AbortController();
  const ended = once(worker, "exit").then(
    () => null,
    (error: unknown) => String(error),
  );
  const hung = watch(new Int32Array(task.progress), over.signal);
  const failure = await Promise.race([ended, hung]);
  over.abort();
  await worker.terminate();

  const crashes = results.flatMap((result) => result.crashes);
  const slowest = results
    .map((result) => result.slowest)
    .toSorted((a, b) => b.milliseconds - a.milliseconds)[0];
  const done = failure === null ? runs : (new Int32Array(task.progress)[0] ?? 0);
  const rss = Math.round(process.resourceUsage().maxRSS / 1024);
  for (const crash of crashes.slice(0, 10)) console.log(crash);
  if (failure !== null)
    console.log(`input ${done} of seed ${seed} (${inputOf(seed, done).target.name}): ${failure}`);
  if (rss > MAX_RSS_MB) console.log(`The process took ${rss} MB, at most ${MAX_RSS_MB} are allowed`);
  const refused = results.reduce((sum, result) => sum + result.refused, 0);
  console.log(
    `inputs ${done}, refused ${refused}, seconds ${((performance.now() - began) / 1000).toFixed(0)}, slowest ${slowest?.milliseconds.toFixed(1)} ms (input ${slowest?.input}), peak ${rss} MB, crashes ${crashes.length}, hangs ${failure === null ? 0 : 1}`,
  );
  process.exit(crashes.length > 0 || failure !== null || rss > MAX_RSS_MB ? 1 : 0);
}

/** Resolves with a complaint when the number stands still for too long; with null when it is told to stop. */
async function watch(progress: Int32Array, signal: AbortSignal): Promise<string | null> {
  for (let last = -1; ;) {
    try {
      await sleep(HANG_MS, undefined, { signal });
    } catch {
      return null;
    }
    const now = Atomics.load(progress, 0);
    if (now === last) return `was not done after ${HANG_MS / 1000} s`;
    last = now;
  }
}
