import { describe as suite, expect, test } from "vitest";
import type { Objective } from "../../trainer/tuning/objective.ts";
import { adamW } from "../../trainer/tuning/optimiser.ts";
import { bestOf, describe, pilot } from "../../trainer/tuning/pilot.ts";

/** Half the squared distance from a point: AdamW moves by about the learning rate a step, whatever the slope. */
function bowl(distance: number): Objective {
  return {
    tokensPerStep: 1,
    gradient: async (parameters) => {
      const gap = (parameters[0] as number) - distance;
      return { loss: gap ** 2 / 2, gradient: Float32Array.of(gap), tokenAccuracy: 0 };
    },
  };
}

const options = (steps: number, learningRate = 1) => ({
  start: Float32Array.of(0),
  steps: Array.from({ length: steps }, () => [[]]),
  optimiser: adamW(),
  learningRate,
  averaging: 0,
  signal: new AbortController().signal,
});

suite("a pilot run", () => {
  test("takes the learning rate that comes nearest in a few steps", async () => {
    // Sixteen steps with warm-up and cosine go about twelve times the learning rate far.
    expect(bestOf(await pilot(bowl(30), options(400)))).toBe(3);
    expect(bestOf(await pilot(bowl(3), options(400)))).toBe(0.3);
  });

  test("keeps the usual one unless another is clearly better", () => {
    const trial = (learningRate: number, loss: number) => ({ learningRate, loss });
    expect(bestOf([trial(0.05, 1), trial(0.015, 0.97), trial(0.15, 2)])).toBe(0.05);
    expect(bestOf([trial(0.05, 1), trial(0.015, 0.9), trial(0.15, 0.7)])).toBe(0.15);
    // Higher rates get ahead early.
    expect(bestOf([trial(0.04, 1.503), trial(0.012, 1.643), trial(0.12, 1.356)])).toBe(0.04);
    expect(bestOf([trial(0.05, Infinity), trial(0.015, 1), trial(0.15, Infinity)])).toBe(0.015);
  });

  test("is left out where the run itself is short", async () => {
    expect(await pilot(bowl(1), options(300))).toEqual([]);
    expect(bestOf([])).toBeUndefined();
  });

  test("counts a run that comes to no number as lost", async () => {
    const broken: Objective = {
      tokensPerStep: 1,
      gradient: async (parameters) => ({
        loss: Math.abs(parameters[0] as number) > 2 ? Number.NaN : 1,
        gradient: Float32Array.of(-1),
        tokenAccuracy: 0,
      }),
    };
    const trials = await pilot(broken, options(400, 0.25));
    expect(trials.map(({ loss }) => loss)).toEqual([Infinity, 1, Infinity]);
    expect(bestOf(trials)).toBeCloseTo(0.075);
    expect(describe(trials)).toContain("0.075: 1.000, 0.25: Infinity");
  });
});
