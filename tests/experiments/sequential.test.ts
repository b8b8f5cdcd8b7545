import { describe, expect, it } from "vitest";
import { compare } from "../../functions/experiments/statistics/compare.ts";
import {
  criticalValue,
  harmBounds,
  logEvidence,
  sequentialInference,
} from "../../functions/experiments/statistics/sequential.ts";
import {
  fixedSampleSize,
  sequentialPower,
  sequentialSampleSize,
} from "../../functions/experiments/statistics/sample-size.ts";
import { integrate, proportion } from "./support.ts";

describe("mixture evidence", () => {
  it.each([
    // R 4.2.2: log(integrate(function(m) dnorm(m, 0, sqrt(r)) * exp(z * m - m^2 / 2), -60, 60)).
    [3, 8, 2.90138771133],
    [1, 0.5, -0.0360658873874],
    [5, 100, 10.0686773653],
  ])("is the likelihood ratio averaged over the prior: z = %d, r = %d", (z, ratio, expected) => {
    expect(logEvidence(z, ratio)).toBeCloseTo(expected, 9);
    const density = (m: number) =>
      Math.exp(z * m - (m * m) / 2 - (m * m) / (2 * ratio)) / Math.sqrt(2 * Math.PI * ratio);
    expect(Math.log(integrate(density, -60, 60))).toBeCloseTo(expected, 9);
  });

  it("passes 1 / alpha exactly at the interval's edge: test and interval are one", () => {
    for (const ratio of [0.1, 1, 8.8, 300])
      for (const alpha of [0.05, 0.001])
        expect(logEvidence(criticalValue(ratio, alpha), ratio)).toBeCloseTo(-Math.log(alpha), 10);
  });

  it("is tightest where it was planned", () => {
    const comparison = (n: number) => compare([[proportion(n / 10, n), proportion(n / 10, n)]], 0, 1, true);
    const width = (planned: number) => {
      const { interval } = sequentialInference(comparison(2000), planned, 0.05);
      return interval!.high - interval!.low;
    };
    expect(width(1000)).toBeLessThan(width(100));
    expect(width(1000)).toBeLessThan(width(10_000));
  });
});

describe("sequential inference", () => {
  it("waits until the normal approximation holds", () => {
    const early = compare([[proportion(0, 20), proportion(20, 20)]], 0, 1, true);
    expect(sequentialInference(early, 500, 0.05)).toEqual({ interval: null, pValue: 1 });
    expect(sequentialInference(null, 500, 0.05)).toEqual({ interval: null, pValue: 1 });
  });

  it("bounds harm on one side, in the direction that is worse", () => {
    const worse = compare([[proportion(50, 1000), proportion(150, 1000)]], 0, 1, true);
    expect(harmBounds(worse, "decrease", 500, 0.05)?.low).toBeGreaterThan(0);
    expect(harmBounds(worse, "increase", 500, 0.05)?.high).toBeLessThan(0);
  });
});

describe("sample size", () => {
  it.each([
    // R 4.2.2: power.prop.test(p1, p2, power, sig.level)$n.
    [0.05, 0.01, 0.8, 0.05, 8157.73144785],
    [0.5, 0.05, 0.9, 0.05, 2094.15302826],
    [0.1, -0.02, 0.8, 0.01, 4781.09903658],
  ])("for proportions agrees with R: %d by %d", (baseline, effect, power, alpha, expected) => {
    expect(fixedSampleSize({ baseline, effect, power, alpha })).toBe(Math.ceil(expected));
  });

  it("for means agrees with R's power.t.test but for the t distribution's two units", () => {
    const size = fixedSampleSize({ baseline: 50, effect: 1, variance: 100, power: 0.8, alpha: 0.05 });
    expect(1570.736888 - size).toBeGreaterThan(0);
    expect(1570.736888 - size).toBeLessThan(2);
  });

  it("refuses rates outside [0, 1]", () => {
    expect(() => fixedSampleSize({ baseline: 0.98, effect: 0.05, power: 0.8, alpha: 0.05 })).toThrow(
      /between 0 and 1/,
    );
  });

  it("of a sequential test is between 1.4 and 2 times that of a single look", () => {
    const question = { baseline: 0.05, effect: 0.01, power: 0.8, alpha: 0.05 };
    const ratio = sequentialSampleSize(question) / fixedSampleSize(question);
    expect(ratio).toBeGreaterThan(1.4);
    expect(ratio).toBeLessThan(2);
  });

  it("bounds the power from below: the chance to be past the boundary at the end is no larger", () => {
    for (const drift of [0.02, 0.1])
      for (const units of [500, 5000]) {
        const bound = sequentialPower(drift, units, units, 0.05);
        expect(bound).toBeGreaterThanOrEqual(0);
        expect(bound).toBeLessThanOrEqual(1);
        expect(sequentialPower(drift, units * 2, units * 2, 0.05)).toBeGreaterThan(bound);
      }
  });
});
