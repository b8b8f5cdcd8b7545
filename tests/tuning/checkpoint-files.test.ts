import { expect, test } from "vitest";
import { jobPrefix } from "../../shared/contracts/job.ts";
import { createCheckpointFiles } from "../../trainer/tuning/checkpoint-files.ts";
import type { TuneState } from "../../trainer/tuning/tune.ts";
import { createMemoryStore } from "../support/memory-store.ts";

const vector = Float32Array.of(1, 2, 3);
const state = (step: number): TuneState => ({
  step,
  parameters: vector.map((x) => x * step),
  average: vector,
  optimiser: { step, tensors: { first: vector } },
  best: null,
  kept: [{ step: step - 1, parameters: vector.map((x) => x + step) }],
  learningRate: 0.1,
  sinceBest: 0,
  history: [{ step, trainLoss: 1 / step, trainAccuracy: 0.5 }],
});

async function keysOf(store: ReturnType<typeof createMemoryStore>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(jobPrefix("ftjob_1"))) keys.push(key);
  return keys;
}

test("a checkpoint damaged in any byte is passed over for the one before it; the last two are kept", async () => {
  const store = createMemoryStore();
  const files = createCheckpointFiles(store, "ftjob_1", 1, "run");
  expect(await files.read()).toBeNull();
  for (const step of [3, 6, 9]) await files.write(state(step));
  const [older, newest] = await keysOf(store);
  expect(await keysOf(store)).toHaveLength(2);
  const whole = (await (await store.get(newest ?? ""))?.bytesBody()) ?? new Uint8Array();
  expect((await files.read())?.step).toBe(9);
  for (let at = 0; at < whole.length; at++) {
    const damaged = new Uint8Array(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    await store.put(newest ?? "", damaged);
    const read = await files.read();
    if (read?.step !== 6) expect.fail(`Byte ${at} of ${whole.length}: read step ${read?.step}, wanted 6`);
  }
  for (const length of [0, 7, 8, whole.length >> 1, whole.length - 1]) {
    await store.put(newest ?? "", whole.subarray(0, length));
    expect((await files.read())?.parameters).toEqual(state(6).parameters);
  }
  await store.put(older ?? "", "nothing");
  expect(await files.read()).toBeNull();
});

test("what a trainer writes that lost its lease is not taken for its successor's, nor does it remove any of that", async () => {
  const store = createMemoryStore();
  const stopped = createCheckpointFiles(store, "ftjob_1", 1, "run");
  const successor = createCheckpointFiles(store, "ftjob_1", 2, "run");
  await stopped.write(state(3));
  expect((await successor.read())?.step).toBe(3);
  for (const step of [4, 5]) await successor.write(state(step));
  // It wakes up behind its successor, or ahead of it.
  for (const step of [4, 100]) await stopped.write(state(step));
  expect((await successor.read())?.step).toBe(5);
  expect((await createCheckpointFiles(store, "ftjob_1", 3, "run").read())?.step).toBe(5);
  expect(await createCheckpointFiles(store, "ftjob_1", 3, "another run").read()).toBeNull();
  expect(await createCheckpointFiles(store, "ftjob_10", 1, "run").read()).toBeNull();
});
