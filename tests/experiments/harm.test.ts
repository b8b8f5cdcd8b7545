import { describe, expect, it } from "vitest";
import { harmOf } from "../../functions/experiments/statistics/harm.ts";
import { logGamma, proportionBounds } from "../../functions/experiments/statistics/sequential-proportion.ts";
import { createRandom } from "../../shared/random.ts";
import { proportion } from "./support.ts";

const question = {
  control: 0,
  treatment: 1,
  better: "decrease",
  proportion: true,
  planned: 500,
  alpha: 0.05,
} as const;

describe("exact sequential bounds of a proportion", () => {
  it("rest on the logarithm of the gamma function: factorials, and the square root of pi at 1/2", () => {
    let logFactorial = 0;
    for (let n = 1; n <= 170; n++) {
      expect(logGamma(n) - logFactorial).toBeCloseTo(0, 9);
      logFactorial += Math.log(n);
    }
    expect(Math.exp(logGamma(0.5))).toBeCloseTo(Math.sqrt(Math.PI), 11);
  });

  it("have the closed form (n + 1/2 over 1/2) for no successes: the likelihood is a power", () => {
    const { low, high } = proportionBounds(0, 300, 0.05);
    expect(low).toBe(0);
    // log B(1/2, 300.5) / pi - 300 log(1 - p) = log 20, with B by its product.
    let logRatio = 0;
    for (let i = 1; i <= 300; i++) logRatio += Math.log((i - 0.5) / i);
    expect(-300 * Math.log1p(-high)).toBeCloseTo(Math.log(20) - logRatio, 8);
    expect(high).toBeLessThan(0.03);
  });

  it("hold the truth at every look in at least 95 % of sequences, rare events included", () => {
    for (const rate of [0.001, 0.05, 0.5]) {
      const random = createRandom(5);
      let missed = 0;
      for (let run = 0; run < 300; run++) {
        let sum = 0;
        let outside = false;
        for (let n = 1; n <= 1000; n++) {
          sum += Number(random.next() < rate);
          if (n % 20 !== 0) continue;
          const { low, high } = proportionBounds(sum, n, 0.05);
          outside ||= rate < low || rate > high;
        }
        missed += Number(outside);
      }
      expect(missed / 300).toBeLessThanOrEqual(0.05);
    }
  });
});

describe("harm", () => {
  it("of a plainly broken variant is seen after a dozen units, where the normal approximation must wait", () => {
    const { low } = harmOf({ ...question, strata: [[proportion(1, 2000), proportion(10, 15)]] });
    expect(low).toBeGreaterThan(0.1);
  });

  it("of five points is ruled out where nothing ever fails", () => {
    const { low, high } = harmOf({ ...question, strata: [[proportion(0, 5000), proportion(0, 400)]] });
    expect(low).toBeLessThanOrEqual(0);
    expect(high).toBeLessThan(0.05);
  });

  it("has its sign from the direction in which the metric improves", () => {
    const strata = [[proportion(500, 1000), proportion(300, 1000)]];
    expect(harmOf({ ...question, strata }).high).toBeLessThan(0);
    expect(harmOf({ ...question, strata, better: "increase" }).low).toBeGreaterThan(0);
  });

  it("is open while nothing is known of a mean", () => {
    const strata = [[proportion(0, 0), proportion(0, 0)]];
    expect(harmOf({ ...question, strata, proportion: false })).toEqual({ low: null, high: null });
  });
});
