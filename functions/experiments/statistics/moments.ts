/** Count, sum and sum of squares: all that the statistics need of a variant's units. */
export interface Moments {
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
}

/**
 * The variants' moments within one phase of an experiment, in the order of the variants. Shares of the traffic are
 * constant within a phase, so only there may variants be compared directly: over phases with different shares, a metric
 * that changes with time would look like an effect (Simpson's paradox).
 */
export type Stratum = readonly Moments[];

export const noMoments: Moments = { count: 0, sum: 0, sumOfSquares: 0 };

export function addMoments(a: Moments, b: Moments): Moments {
  return { count: a.count + b.count, sum: a.sum + b.sum, sumOfSquares: a.sumOfSquares + b.sumOfSquares };
}

/** Moments of units of which `missing` more exist whose value is 0. */
export function withZeros(moments: Moments, missing: number): Moments {
  return { ...moments, count: moments.count + Math.max(missing, 0) };
}

/** Sum of squared deviations from the mean; never below 0, whatever rounding does. */
export function squaredDeviations({ count, sum, sumOfSquares }: Moments): number {
  return count === 0 ? 0 : Math.max(sumOfSquares - (sum * sum) / count, 0);
}

/** Unbiased variance over the strata's units, each unit around its own stratum's mean. NaN below two units. */
export function pooledVariance(strata: readonly Moments[]): number {
  let deviations = 0;
  let freedom = 0;
  for (const moments of strata) {
    if (moments.count === 0) continue;
    deviations += squaredDeviations(moments);
    freedom += moments.count - 1;
  }
  return freedom > 0 ? deviations / freedom : Number.NaN;
}
