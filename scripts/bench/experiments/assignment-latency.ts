import { assign } from "../../../functions/experiments/assign.ts";
import { allocate } from "../../../functions/experiments/allocation.ts";
import { createExperimentCache } from "../../../functions/experiments/experiment-cache.ts";
import type { ExperimentRecord, ExperimentRecords } from "../../../functions/records/experiments.ts";
import { definitionFor } from "./simulate.ts";

const WARM_UP = 5000;
/** What a read of the database takes; a request must not wait for it. */
const READ_MS = 20;
const COUNT = 100_000;
/** Time that passes between two requests, so that the cache goes stale again and again. */
const REQUEST_EVERY_MS = 1;

/**
 * What an experiment's name adds to a request before its model is known: looking the experiment up in the isolate's
 * cache, which asks the database behind every two seconds' first request, and assigning the unit. The 99th percentile of
 * 100,000 requests, in milliseconds.
 */
export async function measureAssignment(): Promise<{ p99Ms: number; medianMs: number }> {
  const record = experiment();
  let clock = Date.now();
  let reads = 0;
  const records = {
    findByName: async () => {
      reads++;
      await new Promise((resolve) => setTimeout(resolve, READ_MS));
      return record;
    },
  } satisfies Partial<ExperimentRecords>;
  const cache = createExperimentCache(records as unknown as ExperimentRecords, () => clock);
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + COUNT; i++) {
    clock += REQUEST_EVERY_MS;
    const began = performance.now();
    const found = await cache.byName("bench", "load", () => {});
    const source = {
      requestId: "req",
      user: `user-${i}`,
      session: undefined,
      forced: undefined,
      mayForce: false,
    };
    if (found) assign(found, source, clock);
    if (i >= WARM_UP) times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (quantile: number) => times[Math.floor(times.length * quantile)] as number;
  if (reads < 2) throw new Error(`The cache asked the database ${reads} times, wanted it to go stale`);
  return { p99Ms: at(0.99), medianMs: at(0.5) };
}

function experiment(): ExperimentRecord {
  return {
    id: "exp_01JABCDEFGHJKMNPQRSTVWXYZ0",
    organization: "bench",
    name: "load",
    status: "running",
    definition: definitionFor({}, { key: "m", kind: "binary" }),
    salt: "0123456789abcdef0123456789abcdef",
    serving: 0,
    phase: 1,
    allocation: allocate([1, 1]),
    step: -1,
    verdict: null,
    version: 1,
    jobId: null,
    createdAt: 0,
    startedAt: 0,
    endedAt: null,
  };
}
