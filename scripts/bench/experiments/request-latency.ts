import { InternalError } from "../../../shared/errors.ts";
import type { LocalWorker } from "../serving/local-worker.ts";

/** Milliseconds of one request as its caller sees it. */
export interface Latency {
  readonly medianMs: number;
  readonly p99Ms: number;
}

export interface RequestLatency {
  readonly base: Latency;
  readonly experiment: Latency;
}

const MODEL = "minimind2-small";
const NAME = "latency";
const WARM_UP = 50;

/** The same short classification by the base model's name and by an experiment's, in turn, one at a time over HTTP. */
export async function measureRequests(worker: LocalWorker, pairs: number): Promise<RequestLatency> {
  const variants = ["a", "b"].map((key) => ({ key, model: MODEL }));
  await post(worker, "/v1/experiments", { name: NAME, variants });
  const times: Record<string, number[]> = { [MODEL]: [], [NAME]: [] };
  for (let i = 0; i < WARM_UP + pairs; i++) {
    // Neither is always first: what one leaves behind falls on both alike.
    for (const model of i % 2 === 0 ? [MODEL, NAME] : [NAME, MODEL]) {
      const began = performance.now();
      await post(worker, "/v1/classifications", {
        model,
        input: "ok",
        labels: ["yes", "no"],
        user: `user-${i}`,
      });
      if (i >= WARM_UP) times[model]?.push(performance.now() - began);
    }
  }
  return { base: summarise(times[MODEL] ?? []), experiment: summarise(times[NAME] ?? []) };
}

function summarise(times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (quantile: number) => sorted[Math.floor(sorted.length * quantile)] ?? Number.NaN;
  return { medianMs: at(0.5), p99Ms: at(0.99) };
}

async function post({ url, apiKey }: LocalWorker, path: string, body: object): Promise<void> {
  const response = await fetch(new URL(path, url), {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new InternalError(`POST ${path} answered ${response.status}: ${text}`);
}
