import type { Comparison } from "./compare.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface SequentialResult {
  /** Null while nothing is known yet. */
  readonly interval: Interval | null;
  readonly pValue: number;
}

/**
 * The mixture's precision relative to the data at `effectiveUnits`, chosen so that the interval is tightest at `planned`
 * effective units (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, "Time-uniform central limit theory and asymptotic
 * confidence sequences", Annals of Statistics 52(6), section on tuning; from Howard et al. 2021, section 3.5). It must not
 * depend on the outcomes.
 */
export function mixtureRatio(effectiveUnits: number, planned: number, alpha: number): number {
  const twoLogs = -2 * Math.log(alpha);
  return ((twoLogs + Math.log(twoLogs) + 1) * effectiveUnits) / planned;
}

/** Half-width of the sequence in standard errors of the difference. */
export function criticalValue(ratio: number, alpha: number): number {
  return Math.sqrt(((1 + ratio) / ratio) * (Math.log1p(ratio) - 2 * Math.log(alpha)));
}

/** Natural logarithm of the mixture likelihood ratio (evidence against "no difference") of a z-score. */
export function logEvidence(z: number, ratio: number): number {
  return ((z * z * ratio) / (1 + ratio) - Math.log1p(ratio)) / 2;
}

/**
 * Inference that holds at every look: with probability of at least 1 - alpha (asymptotically) the interval covers the
 * true difference at all times at once, and the p-value falls below alpha, ever, with probability of at most alpha when
 * there is no difference. So results may be looked at, and acted on, whenever one likes.
 *
 * The method is the asymptotic confidence sequence of Robbins' normal mixture: Waudby-Smith et al. 2024 (as above),
 * theorem 2.2; the p-value is its dual, the mixture sequential probability ratio test of Johari, Koomen, Pekelis & Walsh
 * 2022, "Always valid inference", Operations Research 70(3), equation 15. Chosen over betting and empirical-Bernstein
 * sequences because it needs no bounds on the metric, is tighter where experiments decide (hundreds to millions of units),
 * and needs nothing but count, sum and sum of squares; its price, an asymptotic guarantee, is covered by `mature` and
 * `cautiousVariance` of the comparison, and checked by simulation down to rates of a few per cent.
 *
 * @param planned effective units at which the interval is to be tightest
 */
export function sequentialInference(
  comparison: Comparison | null,
  planned: number,
  alpha: number,
): SequentialResult {
  if (!comparison?.mature) return { interval: null, pValue: 1 };
  const { difference, cautiousVariance: variance, effectiveUnits } = comparison;
  // Every unit had the same value: nothing is uncertain that the data could tell.
  if (variance === 0) return { interval: null, pValue: 1 };
  const ratio = mixtureRatio(effectiveUnits, planned, alpha);
  const standardError = Math.sqrt(variance);
  const half = criticalValue(ratio, alpha) * standardError;
  const pValue = Math.min(1, Math.exp(-logEvidence(difference / standardError, ratio)));
  return { interval: { low: difference - half, high: difference + half }, pValue };
}

/**
 * A bound that the true harm stays above, at every look, with probability of at least 1 - alpha: positive means that the
 * treatment is worse. One side of a two-sided sequence at 2 alpha, by symmetry.
 *
 * @param better the direction in which the metric improves
 */
export function harmBounds(
  comparison: Comparison | null,
  better: "increase" | "decrease",
  planned: number,
  alpha: number,
): Interval | null {
  const { interval } = sequentialInference(comparison, planned, Math.min(2 * alpha, 0.5));
  if (!interval) return null;
  return better === "increase" ? { low: -interval.high, high: -interval.low } : interval;
}
