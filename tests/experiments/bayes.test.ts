import { describe, expect, it } from "vitest";
import { bayesCompare } from "../../functions/experiments/statistics/bayes.ts";
import { normalCdf } from "../../functions/experiments/statistics/distributions.ts";

const beta = (successes: number, trials: number) =>
  ({ type: "beta", successes, failures: trials - successes }) as const;

describe("Bayesian comparison", () => {
  it.each([
    // R 4.2.2: integrate(function(x) dbeta(x, a2, b2) * pbeta(x, a1, b1), 0, 1).
    [120, 1000, 140, 1000, 0.90787258637],
    [5, 20, 8, 20, 0.836788184044],
  ])("P(B better) of %d/%d and %d/%d agrees with R", (x1, n1, x2, n2, expected) => {
    const [a, b] = bayesCompare([beta(x1, n1), beta(x2, n2)], "increase");
    expect(b?.probabilityBest).toBeCloseTo(expected, 4);
    expect(a!.probabilityBest + b!.probabilityBest).toBeCloseTo(1, 12);
  });

  it("agrees with the closed form for integer Betas (Miller 2014, evanmiller.org/bayesian-ab-testing.html, eq. 6)", () => {
    const [a1, b1, a2, b2] = [6, 16, 9, 13] as const;
    const logGamma = (n: number) =>
      Array.from({ length: n - 1 }, (_, i) => Math.log(i + 1)).reduce((s, x) => s + x, 0);
    const logBeta = (a: number, b: number) => logGamma(a) + logGamma(b) - logGamma(a + b);
    let closed = 0;
    for (let i = 0; i < a2; i++)
      closed += Math.exp(logBeta(a1 + i, b1 + b2) - Math.log(b2 + i) - logBeta(1 + i, b2) - logBeta(a1, b1));
    expect(bayesCompare([beta(5, 20), beta(8, 20)], "increase")[1]?.probabilityBest).toBeCloseTo(closed, 4);
  });

  it("expected loss agrees with R's double integral", () => {
    const [a, b] = bayesCompare([beta(5, 20), beta(8, 20)], "increase");
    expect(b?.expectedLoss).toBeCloseTo(0.0121914692432, 5);
    expect(a?.expectedLoss).toBeCloseTo(0.148555105607, 5);
  });

  it("three normals agree with R", () => {
    const results = bayesCompare(
      [
        { type: "normal", mean: 0, variance: 0.04 },
        { type: "normal", mean: 0.1, variance: 0.09 },
        { type: "normal", mean: 0.3, variance: 0.01 },
      ],
      "increase",
    );
    for (const [i, p] of [0.0679118747293, 0.253875839476, 0.678212285795].entries())
      expect(results[i]?.probabilityBest).toBeCloseTo(p, 4);
    for (const [i, loss] of [0.357356479146, 0.257356479146, 0.0573564791464].entries())
      expect(results[i]?.expectedLoss).toBeCloseTo(loss, 4);
  });

  it("mirrors where less is better", () => {
    const [fast, slow] = bayesCompare(
      [
        { type: "normal", mean: 100, variance: 4 },
        { type: "normal", mean: 103, variance: 5 },
      ],
      "decrease",
    );
    expect(fast?.probabilityBest).toBeCloseTo(normalCdf(1), 4);
    expect(slow!.expectedLoss - fast!.expectedLoss).toBeCloseTo(3, 6);
  });

  it("knows nothing of variants without units", () => {
    expect(bayesCompare([beta(0, 0), beta(0, 0)], "increase")[0]?.probabilityBest).toBeCloseTo(0.5, 9);
  });
});
