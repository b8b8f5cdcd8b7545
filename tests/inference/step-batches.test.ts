import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pause } from "../../functions/inference/pause.ts";
import { createStepBatches } from "../../functions/inference/step-batches.ts";
import { createTurnLock } from "../../functions/inference/turn-lock.ts";
import type { InferenceEngine, Prefix } from "../../shared/ports/inference-engine.ts";
import { createRandom } from "../../shared/random.ts";
import { argmax } from "../../functions/inference/sampling.ts";
import { kernelEngine } from "../kernel/model-support.ts";
import { sized } from "../kernel/support.ts";
import { createFakeEngine } from "./support/fake-engine.ts";

const architecture = sized({});
/** How many steps each pass over the weights computed. */
let passes: number[];
let engine: InferenceEngine;
let prefixes: (Prefix | undefined)[];

beforeEach(async () => {
  const kernel = await kernelEngine(architecture);
  passes = [];
  engine = {
    ...kernel,
    appendTogether: (steps) => {
      passes.push(steps.length);
      return kernel.appendTogether?.(steps) ?? Promise.reject(new Error("The kernel cannot do so"));
    },
  };
  const random = createRandom(1);
  const softPrompt = (tokens: number) => {
    const data = Float32Array.from({ length: tokens * architecture.hiddenSize }, () => random.normal());
    return kernel.computePrefix({ tokens, data });
  };
  prefixes = [undefined, await softPrompt(3), await softPrompt(20)];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

const batchesOf = () => createStepBatches(createTurnLock(Date.now));
type Batches = ReturnType<typeof batchesOf>;

/** One request: decodes greedily after its own input and soft prompt, until `wanted` says no. */
async function request(batches: Batches, number: number, tokens: number, isWanted = () => true) {
  const sequence = engine.start(prefixes[number % prefixes.length]);
  const pick = (logits: Float32Array) => ({ id: argmax(logits), logits: logits.slice() });
  const answer = [pick(await sequence.append([number, 7]))];
  while (answer.length < tokens && isWanted()) {
    const { id } = answer.at(-1) as { id: number };
    answer.push((await batches.append(engine, { sequence, id }, pick)).result);
  }
  sequence.close();
  return answer;
}

const finished = async <T>(work: Promise<T>): Promise<T> => {
  const settled = Promise.allSettled([work]);
  await vi.advanceTimersByTimeAsync(20_000);
  await settled;
  return work;
};

describe("steps of concurrent requests", () => {
  it("are computed together, and come out to the bit as alone, whatever the soft prompt", async () => {
    const numbers = Array.from({ length: 8 }, (_, i) => i);
    const alone: Awaited<ReturnType<typeof request>>[] = [];
    for (const number of numbers) alone.push(await finished(request(batchesOf(), number, 30)));
    expect(passes).toEqual(new Array(8 * 29).fill(1));
    passes = [];
    const batches = batchesOf();
    const together = numbers.map((number) => request(batches, number, 30));
    expect(await finished(Promise.all(together))).toEqual(alone);
    expect(passes.filter((size) => size === 8).length).toBeGreaterThan(25);
    expect(passes.length).toBeLessThan(35);
  });

  it("wait for none that is done: answers of any length beside one another", async () => {
    const batches = batchesOf();
    const answers = [3, 9, 17, 40].map((tokens, number) => request(batches, number, tokens));
    expect((await finished(Promise.all(answers))).map(({ length }) => length)).toEqual([3, 9, 17, 40]);
    expect(passes.reduce((sum, size) => sum + size, 0)).toBe(2 + 8 + 16 + 39);
    expect(passes.length).toBeLessThan(45);
  });

  it("go on when one of them stops being wanted in the middle", async () => {
    let steps = 0;
    const batches = batchesOf();
    const left = request(batches, 0, 100, () => ++steps < 5);
    const others = [1, 2].map((number) => request(batches, number, 30));
    expect((await finished(Promise.all(others))).map(({ length }) => length)).toEqual([30, 30]);
    expect(await left).toHaveLength(5);
  });

  it("go on when the runtime ends one of them wherever it waits", async () => {
    const alone = await finished(request(batchesOf(), 1, 30));
    for (let ended = 1; ended < 8; ended++) {
      const batches = batchesOf();
      let timers = 0;
      const other = globalThis.setTimeout;
      const timer = vi
        .spyOn(globalThis, "setTimeout")
        .mockImplementation(((work: () => void, ms: number) =>
          ++timers === ended ? 0 : other(work, ms)) as never);
      const both = [1, 1].map((number) => request(batches, number, 30));
      const survivor = await finished(Promise.race(both));
      timer.mockRestore();
      expect(survivor).toEqual(alone);
    }
  });

  it("fail alone: a full context, a closed sequence", async () => {
    const batches = batchesOf();
    const full = engine.start();
    await finished(full.append(Array.from({ length: architecture.contextLength }, () => 1)));
    const closed = engine.start();
    await closed.append([1]);
    closed.close();
    const good = engine.start();
    await good.append([1]);
    const steps = [full, closed, good].map((sequence) =>
      batches.append(engine, { sequence, id: 2 }, (logits) => logits.length),
    );
    const settled = await finished(Promise.allSettled(steps));
    expect(settled).toMatchObject([
      { status: "rejected", reason: { code: "context_length_exceeded" } },
      { status: "rejected" },
      { status: "fulfilled", value: { result: architecture.vocabularySize } },
    ]);
  });

  it("leave others their turns", async () => {
    const lock = createTurnLock(Date.now);
    const batches = createStepBatches(lock);
    let reading = 0;
    const answers = [1, 2, 3].map((number) => request(batches, number, 60));
    const reader = (async () => {
      for (; reading < 5; reading++) await lock.run(() => pause(3));
    })();
    await vi.advanceTimersByTimeAsync(100);
    expect(reading).toBe(5);
    await reader;
    expect(await finished(Promise.all(answers))).toHaveLength(3);
  });

  it("run one after another where the engine knows no better", async () => {
    const fake = createFakeEngine();
    const batches = batchesOf();
    const steps = [1, 2].map(async (id) => {
      const { result, isShared } = await batches.append(
        fake,
        { sequence: fake.start(), id },
        (logits) => logits[0],
      );
      return { result, isShared };
    });
    const [first, second] = await finished(Promise.all(steps));
    expect(first?.result).not.toBe(second?.result);
    expect(first?.isShared).toBe(false);
  });
});
