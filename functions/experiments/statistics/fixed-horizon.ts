import type { Comparison } from "./compare.ts";
import { normalQuantile, twoSidedP } from "./distributions.ts";
import type { SequentialResult } from "./sequential.ts";

/**
 * The textbook comparison of two means for large samples (Welch's standard error, normal quantiles; for proportions
 * Wald's unpooled interval). It holds at ONE look, at a number of units that was fixed beforehand: looked at repeatedly it
 * finds differences that are not there.
 */
export function fixedHorizonInference(comparison: Comparison | null, alpha: number): SequentialResult {
  if (!comparison || comparison.variance === 0) return { interval: null, pValue: 1 };
  const { difference, variance } = comparison;
  const half = normalQuantile(1 - alpha / 2) * Math.sqrt(variance);
  return {
    interval: { low: difference - half, high: difference + half },
    pValue: twoSidedP(difference / Math.sqrt(variance)),
  };
}
