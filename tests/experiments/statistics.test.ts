import { describe, expect, it } from "vitest";
import { compare } from "../../functions/experiments/statistics/compare.ts";
import { adjustByCovariate } from "../../functions/experiments/statistics/cuped.ts";
import {
  chiSquareSurvival,
  normalCdf,
  normalQuantile,
} from "../../functions/experiments/statistics/distributions.ts";
import { fixedHorizonInference } from "../../functions/experiments/statistics/fixed-horizon.ts";
import { holm } from "../../functions/experiments/statistics/holm.ts";
import { liftOf } from "../../functions/experiments/statistics/lift.ts";
import { varianceOf } from "../../functions/experiments/statistics/standardise.ts";
import { proportion } from "./support.ts";

// Every expected number in this file was computed with R 4.2.2 (pnorm, qnorm, pchisq, prop.test, p.adjust, t.test, lm,
// uniroot) from the published counts named beside it.

describe("distributions", () => {
  it("agree with R in the middle and in the tails", () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.95996398454, 10);
    expect(normalQuantile(0.8)).toBeCloseTo(0.841621233573, 10);
    expect(normalQuantile(1e-6)).toBeCloseTo(-4.7534243088, 8);
    expect(normalCdf(-6) / 9.86587645038e-10).toBeCloseTo(1, 9);
    expect(chiSquareSurvival(10.83, 1)).toBeCloseTo(0.00099868637918, 12);
    expect(chiSquareSurvival(18.47, 4)).toBeCloseTo(0.000998569522206, 12);
  });
});

/** control successes, control units, treatment successes, treatment units, difference, 95 % interval, p (unpooled). */
const trials = [
  // Steering Committee of the Physicians' Health Study 1989, NEJM 321: heart attacks under placebo and aspirin.
  ["aspirin", 189, 11034, 104, 11037, -0.007706023976, -0.010724297277, -0.00468775067505, 5.61440803331e-7],
  // Francis et al. 1955: paralytic polio under placebo and the Salk vaccine.
  [
    "Salk vaccine",
    142,
    201229,
    57,
    200745,
    -0.000421721381707,
    -0.000559175319375,
    -0.00028426744404,
    1.81727403518e-9,
  ],
  // Cookie Cats (public A/B test of a mobile game): players back after 7 days and after 1 day, gate at level 30 or 40.
  [
    "Cookie Cats, 7 days",
    8502,
    44700,
    8279,
    45489,
    -0.00820129831521,
    -0.0132815524189,
    -0.00312104421153,
    0.00155582557371,
  ],
  [
    "Cookie Cats, 1 day",
    20034,
    44700,
    20119,
    45489,
    -0.00590516978734,
    -0.0123924394494,
    0.000582099874762,
    0.0744078605235,
  ],
] as const;

describe("fixed horizon", () => {
  it.each(trials)("reproduces %s", (_name, x1, n1, x2, n2, difference, low, high, p) => {
    const comparison = compare([[proportion(x1, n1), proportion(x2, n2)]], 0, 1, true);
    const { interval, pValue } = fixedHorizonInference(comparison, 0.05);
    expect(comparison?.difference).toBeCloseTo(difference, 10);
    // R divides by n where an unbiased variance divides by n - 1.
    expect(interval?.low).toBeCloseTo(low, 6);
    expect(interval?.high).toBeCloseTo(high, 6);
    expect(pValue / p).toBeCloseTo(1, 2);
  });

  it("reproduces Welch's standard error (R's chickwts: casein against linseed)", () => {
    const linseed = { count: 12, sum: 2625, sumOfSquares: 604_233 };
    const casein = { count: 12, sum: 3883, sumOfSquares: 1_302_143 };
    const comparison = compare([[linseed, casein]], 0, 1, false);
    expect(comparison?.difference).toBeCloseTo(104.833333333, 8);
    expect(Math.sqrt(comparison?.variance ?? 0)).toBeCloseTo(23.94488094, 7);
    expect(fixedHorizonInference(comparison, 0.05).pValue).toBeCloseTo(1.19712684875e-5, 13);
  });
});

describe("comparison over phases", () => {
  // R's UCBAdmissions (Bickel, Hammel & O'Connell 1975): admitted of all applicants, men and women, by department.
  const departments = [
    [512, 825, 89, 108],
    [353, 560, 17, 25],
    [120, 325, 202, 593],
    [138, 417, 131, 375],
    [53, 191, 94, 393],
    [22, 373, 24, 341],
  ] as const;

  it("is not taken in by Simpson's paradox: Berkeley's admissions", () => {
    const strata = departments.map(([a, n, b, m]) => [proportion(a, n), proportion(b, m)]);
    // The Mantel-Haenszel risk difference by hand in R; the crude difference has the other sign: -0.1416.
    expect(compare(strata, 0, 1, true)?.difference).toBeCloseTo(0.0184251961909, 12);
  });

  it("leaves out phases in which one variant had no units", () => {
    const phase = [proportion(10, 100), proportion(20, 100)];
    const comparison = compare([phase, [proportion(900, 1000), proportion(0, 0)]], 0, 1, true);
    expect(comparison?.difference).toBeCloseTo(0.1, 12);
    expect(comparison?.effectiveUnits).toBe(50);
  });

  it("does not believe an arm that had no event yet to have no variance", () => {
    const comparison = compare([[proportion(50, 1000), proportion(0, 50)]], 0, 1, true);
    expect(varianceOf(comparison!.treatment)).toBe(0);
    expect(comparison!.cautiousVariance).toBeGreaterThan((0.045 * 0.955) / 50);
    expect(comparison!.mature).toBe(false);
  });
});

describe("lift", () => {
  it("has the interval that Fieller's contrast gives (aspirin; roots found by R's uniroot)", () => {
    const comparison = compare([[proportion(189, 11034), proportion(104, 11037)]], 0, 1, true)!;
    const { lift, interval } = liftOf(comparison, normalQuantile(0.975));
    expect(lift).toBeCloseTo(104 / 11037 / (189 / 11034) - 1, 12);
    expect(interval?.low).toBeCloseTo(-0.571310274889, 4);
    expect(interval?.high).toBeCloseTo(-0.306032401973, 4);
  });

  it("has none while the control's mean may be 0", () => {
    const comparison = compare([[proportion(1, 1000), proportion(3, 1000)]], 0, 1, true)!;
    expect(liftOf(comparison, 3).interval).toBeNull();
  });
});

describe("Holm", () => {
  it("agrees with R's p.adjust", () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005, 0.2]);
    for (const [i, wanted] of [0.04, 0.09, 0.09, 0.025, 0.2].entries())
      expect(adjusted[i]).toBeCloseTo(wanted, 12);
  });
  it("changes nothing for a single test", () => expect(holm([0.03])).toEqual([0.03]));
});

describe("CUPED", () => {
  // R's ChickWeight (Crowder & Hand 1990): weight at day 20 with the weight at day 0 as covariate, diets 1 and 3.
  const arms = [
    { n: 17, y: 2897, yy: 542_853, x: 707, xx: 29_415, xy: 120_331 },
    { n: 10, y: 2589, yy: 708_603, x: 408, xx: 16_656, xy: 105_872 },
  ].map(({ n, y, yy, x, xx, xy }) => ({
    moments: { count: n, sum: y, sumOfSquares: yy },
    covariate: { count: n, x, xx, xy, y },
  }));

  it("is the analysis of covariance: theta and difference equal lm's", () => {
    const result = adjustByCovariate([arms])!;
    expect(result.theta).toBeCloseTo(4.17551462622, 9);
    expect(compare(result.strata, 0, 1, false)?.difference).toBeCloseTo(91.7795232936, 8);
  });

  it("shrinks the variance by the squared correlation, and never grows it", () => {
    const result = adjustByCovariate([arms])!;
    const before = compare([arms.map(({ moments }) => moments)], 0, 1, false)!;
    const after = compare(result.strata, 0, 1, false)!;
    expect(result.varianceReduction).toBeGreaterThan(0);
    expect(after.variance / before.variance).toBeLessThan(1);
  });

  it("leaves units without a covariate as they are", () => {
    const [arm] = arms;
    const none = { count: 0, x: 0, xx: 0, xy: 0, y: 0 };
    const result = adjustByCovariate([
      [arm!, { moments: { count: 2, sum: 3, sumOfSquares: 5 }, covariate: none }],
    ])!;
    expect(result.strata[0]?.[1]).toEqual({ count: 2, sum: 3, sumOfSquares: 5 });
  });

  it("says nothing where no covariate is known or none varies", () => {
    const none = { count: 0, x: 0, xx: 0, xy: 0, y: 0 };
    expect(adjustByCovariate([arms.map(({ moments }) => ({ moments, covariate: none }))])).toBeNull();
    const constant = { count: 17, x: 17, xx: 17, xy: 2897, y: 2897 };
    expect(adjustByCovariate([[{ moments: arms[0]!.moments, covariate: constant }]])).toBeNull();
  });
});
