import { betaCdf, normalCdf } from "./distributions.ts";

/** What is believed of a variant's mean. */
export type Posterior =
  /** A proportion under the uniform prior. */
  | { readonly type: "beta"; readonly successes: number; readonly failures: number }
  | { readonly type: "normal"; readonly mean: number; readonly variance: number };

export interface BayesResult {
  readonly mean: number;
  /** Probability that no other variant is better. */
  readonly probabilityBest: number;
  /** How much worse than the best variant it is expected to be, in the metric's own unit. */
  readonly expectedLoss: number;
}

/** Cells of the grid: probabilities are exact to 5e-5, losses to as much of the posteriors' width. */
const CELLS = 500;
/** Standard deviations on each side that the grid covers. */
const REACH = 6;

/**
 * Bayesian comparison of independent posteriors by quadrature: P(best) is the integral of one density times the product
 * of the others' distribution functions; the expected maximum is that of 1 - the product of all. (Chapelle & Li 2011, "An
 * empirical evaluation of Thompson sampling", for P(best); Stucchio 2015, "Bayesian A/B testing at VWO", for the loss.)
 *
 * @param better the direction in which the metric improves
 */
export function bayesCompare(
  posteriors: readonly Posterior[],
  better: "increase" | "decrease",
): BayesResult[] {
  const curves = posteriors.map(toCurve);
  const low = Math.min(
    ...curves.map(({ mean, deviation, bounds }) => Math.max(mean - REACH * deviation, bounds[0])),
  );
  const high = Math.max(
    ...curves.map(({ mean, deviation, bounds }) => Math.min(mean + REACH * deviation, bounds[1])),
  );
  const width = (high - low) / CELLS;
  const means = curves.map(({ mean }) => mean);
  if (!(width > 0))
    return means.map((mean) => ({ mean, probabilityBest: 1 / means.length, expectedLoss: 0 }));
  // Smaller is better: mirror the axis, so that "best" is the maximum again.
  const sign = better === "increase" ? 1 : -1;
  const below = curves.map(
    ({ cdf }) =>
      (x: number) =>
        sign > 0 ? cdf(x) : 1 - cdf(-x),
  );
  const start = sign > 0 ? low : -high;
  const best = means.map(() => 0);
  let expectedBest = start;
  let left = below.map((cdf) => cdf(start));
  for (let cell = 0; cell < CELLS; cell++) {
    const right = below.map((cdf) => cdf(start + (cell + 1) * width));
    const middle = left.map((p, i) => (p + (right[i] as number)) / 2);
    for (let i = 0; i < means.length; i++) {
      const mass = (right[i] as number) - (left[i] as number);
      best[i] = (best[i] as number) + mass * productWithout(middle, i);
    }
    expectedBest += (1 - productWithout(middle, -1)) * width;
    left = right;
  }
  const total = best.reduce((sum, p) => sum + p, 0);
  return means.map((mean, i) => ({
    mean,
    probabilityBest: (best[i] as number) / total,
    expectedLoss: Math.max(expectedBest - sign * mean, 0),
  }));
}

interface Curve {
  readonly mean: number;
  readonly deviation: number;
  readonly bounds: readonly [number, number];
  cdf(x: number): number;
}

function toCurve(posterior: Posterior): Curve {
  if (posterior.type === "normal") {
    const { mean, variance } = posterior;
    const deviation = Math.sqrt(variance);
    return {
      mean,
      deviation,
      bounds: [-Infinity, Infinity],
      cdf: (x) => (deviation === 0 ? Number(x >= mean) : normalCdf((x - mean) / deviation)),
    };
  }
  const a = posterior.successes + 1;
  const b = posterior.failures + 1;
  const mean = a / (a + b);
  return {
    mean,
    deviation: Math.sqrt((mean * (1 - mean)) / (a + b + 1)),
    bounds: [0, 1],
    cdf: (x) => (x <= 0 ? 0 : x >= 1 ? 1 : betaCdf(x, a, b)),
  };
}

function productWithout(values: readonly number[], left: number): number {
  let product = 1;
  for (const [i, value] of values.entries()) if (i !== left) product *= value;
  return product;
}
