import { complete } from "./calls.ts";
import type { LocalWorker } from "./local-worker.ts";
import { quantile } from "./statistics.ts";

/** What many callers at once get. */
export interface Concurrency {
  readonly callers: number;
  readonly completed: number;
  /** Requests that got no answer, for whatever reason. */
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers of the caller who got most, over those of the one who got least. */
  readonly fairness: number;
}

const INPUT_TOKENS = 16;
const ANSWER_TOKENS = 8;

/** Lets each caller ask again as soon as it has its answer, through different soft prompts, for a fixed time. */
export async function measureConcurrency(
  worker: LocalWorker,
  models: readonly string[],
  prompt: readonly number[],
  callers: number,
  durationMs: number,
): Promise<Concurrency> {
  const until = performance.now() + durationMs;
  const latencies: number[] = [];
  const completed = Array.from({ length: callers }, () => 0);
  let failed = 0;
  const call = async (caller: number) => {
    for (let i = 0; performance.now() < until; i++) {
      const model = models[(caller + i) % models.length] ?? "";
      // Another input for every request.
      const from = (caller * 7 + i) % (prompt.length - INPUT_TOKENS);
      const input = prompt.slice(from, from + INPUT_TOKENS);
      try {
        const { wallMs } = await complete(worker, { model, prompt: input, max_tokens: ANSWER_TOKENS });
        latencies.push(wallMs);
        completed[caller] = (completed[caller] ?? 0) + 1;
      } catch {
        failed++;
      }
    }
  };
  await Promise.all(completed.map((_, caller) => call(caller)));
  return {
    callers,
    completed: latencies.length,
    failed,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    fairness: Math.max(...completed) / Math.min(...completed),
  };
}
