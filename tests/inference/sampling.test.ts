import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logSumExp, topLogprobs } from "../../functions/inference/log-probabilities.ts";
import { nucleus } from "../../functions/inference/nucleus.ts";
import {
  argmax,
  createSampler,
  defaultSampling,
  type SamplingSettings,
} from "../../functions/inference/sampling.ts";
import { createRandom } from "../../shared/random.ts";

const logits = Float32Array.from([2, 1, 0, -1, 0.5]);
const DRAWS = 40_000;
/** Chi-square with 4 degrees of freedom passes this once in 100,000 times; seeds are fixed, so it holds or it does not. */
const CHI_SQUARE_LIMIT = 28.5;

function softmax(values: ArrayLike<number>, temperature = 1): number[] {
  const weights = Array.from(values, (value) => Math.exp(value / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function frequencies(settings: Partial<SamplingSettings>, seed = 7): number[] {
  const random = createRandom(seed);
  const counts = new Array<number>(logits.length).fill(0);
  for (let i = 0; i < DRAWS; i++) {
    // A new sampler each time: no penalties, one draw.
    const id = createSampler({ ...defaultSampling, ...settings }, random).next(logits);
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

function expectDrawnFrom(counts: readonly number[], probabilities: readonly number[]): void {
  let chiSquare = 0;
  probabilities.forEach((probability, id) => {
    const expected = probability * DRAWS;
    const found = counts[id] ?? 0;
    if (expected === 0) expect(found).toBe(0);
    else chiSquare += (found - expected) ** 2 / expected;
  });
  expect(chiSquare).toBeLessThan(CHI_SQUARE_LIMIT);
}

describe("sampling", () => {
  it("draws from the softmax at each temperature", () => {
    for (const temperature of [0.3, 1, 2]) {
      expectDrawnFrom(frequencies({ temperature }), softmax(logits, temperature));
    }
  });

  it("keeps the likeliest for top-k, top-p and min-p, renormalised", () => {
    const [a = 0, b = 0, c = 0, , e = 0] = softmax(logits);
    expectDrawnFrom(frequencies({ topK: 2 }), [a / (a + b), b / (a + b), 0, 0, 0]);
    // a + b is below 0.85 and a + b + e above it.
    expect(a + b).toBeLessThan(0.85);
    expectDrawnFrom(
      frequencies({ topP: 0.85 }),
      [a, b, 0, 0, e].map((share) => share / (a + b + e)),
    );
    // exp(-2) = 0.135 of the likeliest: token 2 is just above 0.13, token 3 far below.
    expectDrawnFrom(
      frequencies({ minP: 0.13 }),
      [a, b, c, 0, e].map((share) => share / (a + b + c + e)),
    );
    expectDrawnFrom(frequencies({ topK: 2, topP: 0.7 }), [1, 0, 0, 0, 0]);
  });

  it("takes the likeliest token at temperature 0 and next to it", () => {
    expect(createSampler({ ...defaultSampling, temperature: 0 }, createRandom(1)).next(logits)).toBe(0);
    expect(createSampler({ ...defaultSampling, temperature: 1e-300 }, createRandom(1)).next(logits)).toBe(0);
    const random = createRandom(4);
    for (let length = 1; length <= 13; length++) {
      for (let i = 0; i < 20; i++) {
        const whole = Array.from({ length }, () => Math.floor(random.next() * 6));
        expect(argmax(Float32Array.from(whole)), whole.join()).toBe(whole.indexOf(Math.max(...whole)));
      }
    }
  });

  it("gives the same tokens for the same seed, and others for another", () => {
    const draw = (seed: number) => {
      const sampler = createSampler(defaultSampling, createRandom(seed));
      return Array.from({ length: 50 }, () => sampler.next(logits));
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it("applies bias and penalties to what was generated, and the repetition penalty to the prompt too", () => {
    const greedy = { ...defaultSampling, temperature: 0 };
    const run = (settings: Partial<SamplingSettings>, count: number, prompt: number[] = []) => {
      const sampler = createSampler({ ...greedy, ...settings }, createRandom(1), prompt);
      return Array.from({ length: count }, () => sampler.next(logits));
    };
    expect(run({ logitBias: new Map([[3, 3.5]]) }, 1)).toEqual([3]);
    // 2 -> 1.4 -> 0.8 against 1: the first token twice, then the second.
    expect(run({ frequencyPenalty: 0.6 }, 3)).toEqual([0, 0, 1]);
    // Presence counts once: 2 -> 0.8 stays above all but 1.
    expect(run({ presencePenalty: 1.2 }, 4)).toEqual([0, 1, 0, 0]);
    // 2 / 2.5 = 0.8 < 1; negative logits get smaller.
    expect(run({ repetitionPenalty: 2.5 }, 1, [0])).toEqual([1]);
    expect(run({ presencePenalty: 1.2 }, 1, [0])).toEqual([0]);
  });

  it("refuses logits that are not numbers instead of answering something", () => {
    const broken = Float32Array.from([1, Number.NaN, 0]);
    for (const temperature of [0, 1]) {
      const sampler = createSampler({ ...defaultSampling, temperature }, createRandom(1));
      expect(() => sampler.next(broken)).toThrow("NaN");
    }
    for (let at = 0; at < 9; at++)
      expect(() => argmax(new Float32Array(9).fill(Number.NaN, at))).toThrow("NaN");
    expect(() => logSumExp(broken)).toThrow("finite");
    expect(() => argmax(new Float32Array(3).fill(Number.NEGATIVE_INFINITY))).toThrow("finite");
  });

  it("leaves the caller's logits as they are and never picks a masked token", () => {
    const sampler = createSampler({ ...defaultSampling, temperature: 2 }, createRandom(3));
    const filter = { mask: (row: Float32Array) => row.fill(Number.NEGATIVE_INFINITY, 0, 4) };
    for (let i = 0; i < 100; i++) expect(sampler.next(logits, filter)).toBe(4);
    expect(logits[0]).toBe(2);
  });
});

describe("nucleus", () => {
  const weightsArbitrary = fc
    .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60, size: "max" })
    .map((values) => Float32Array.from([...values, 1]));

  it("equals sorting everything", () => {
    const share = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(
        weightsArbitrary,
        share,
        fc.integer({ min: 0, max: 70 }),
        share,
        (weights, topP, topK, minP) => {
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const kept = nucleus(weights, total, { topP, topK, minP });
          expect(kept.ids.toSorted((a, b) => a - b)).toEqual(
            bySorting(weights, topP, topK, minP).toSorted((a, b) => a - b),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  function bySorting(weights: Float32Array, topP: number, topK: number, minP: number): number[] {
    let ids = [...weights.keys()].filter((id) => (weights[id] as number) > 0);
    ids.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
    if (topK > 0) ids = ids.slice(0, topK);
    if (topP < 1) {
      const wanted =
        topP *
        ids.toSorted((a, b) => (topK > 0 ? 0 : a - b)).reduce((sum, id) => sum + (weights[id] as number), 0);
      let mass = 0;
      let count = 0;
      do mass += weights[ids[count++] as number] as number;
      while (mass < wanted && count < ids.length);
      ids = ids.slice(0, count);
    }
    return ids.filter((id) => (weights[id] as number) >= minP);
  }
});

describe("log-probabilities", () => {
  it("agree with the definition, far from zero too", () => {
    const far = Float32Array.from([1000, 999, 998]);
    const expected = softmax([2, 1, 0]).map(Math.log);
    const total = logSumExp(far);
    far.forEach((logit, id) => expect(logit - total).toBeCloseTo(expected[id] as number, 10));
  });

  it("list the likeliest first, equals by id", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 40, size: "max" }),
        fc.integer({ min: 0, max: 45 }),
        (values, count) => {
          const row = Float32Array.from(values);
          const sorted = [...row.keys()].toSorted((a, b) => (row[b] as number) - (row[a] as number) || a - b);
          expect(topLogprobs(row, count).map(({ id }) => id)).toEqual(sorted.slice(0, count));
        },
      ),
    );
  });
});
