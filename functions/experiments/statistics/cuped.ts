import type { Moments } from "./moments.ts";

/** Sums over those of a variant's units whose pre-period value x is known, beside their value y. */
export interface CovariateSums {
  readonly count: number;
  readonly x: number;
  readonly xx: number;
  readonly xy: number;
  /** Sum of y over these units. */
  readonly y: number;
}

export interface ArmWithCovariate {
  readonly moments: Moments;
  readonly covariate: CovariateSums;
}

export interface CupedResult {
  /** The strata with y replaced by y - theta (x - mean x). */
  readonly strata: Moments[][];
  readonly theta: number;
  /** Share of the variance of y that the covariate takes away, among units that have it. */
  readonly varianceReduction: number;
}

/**
 * Removes from each unit's value what its value before the experiment predicts: the means' difference stays, their
 * variance shrinks by the squared correlation (Deng, Xu, Kohavi & Walker 2013, "Improving the sensitivity of online
 * controlled experiments by utilizing pre-experiment data", WSDM, equations 2 to 4). Units without a pre-period value are
 * taken to have their phase's mean, so they stay as they are. Null when the covariate is missing or does not vary.
 */
export function adjustByCovariate(strata: readonly (readonly ArmWithCovariate[])[]): CupedResult | null {
  let sxx = 0;
  let sxy = 0;
  let syy = 0;
  for (const arm of strata.flat()) {
    const { count, x, xx, xy, y } = arm.covariate;
    if (count < 2) continue;
    sxx += xx - (x * x) / count;
    sxy += xy - (x * y) / count;
    // Only the moments of all units are kept; those with a covariate are taken to vary as much.
    syy +=
      (arm.moments.sumOfSquares - arm.moments.sum ** 2 / arm.moments.count) * (count / arm.moments.count);
  }
  if (!(sxx > 0) || !(syy > 0)) return null;
  const theta = sxy / sxx;
  return {
    theta,
    varianceReduction: Math.min((sxy * sxy) / (sxx * syy), 1),
    strata: strata.map((stratum) => {
      const known = stratum.reduce((sum, { covariate }) => sum + covariate.count, 0);
      const meanX = known === 0 ? 0 : stratum.reduce((sum, { covariate }) => sum + covariate.x, 0) / known;
      return stratum.map((arm) => adjust(arm, theta, meanX));
    }),
  };
}

/** Moments of u = y - theta (x - m), from those of x and y. */
function adjust({ moments, covariate }: ArmWithCovariate, theta: number, m: number): Moments {
  const { count, x, xx, xy, y } = covariate;
  const cross = xy - m * y;
  const squares = xx - 2 * m * x + count * m * m;
  return {
    count: moments.count,
    sum: moments.sum - theta * (x - count * m),
    sumOfSquares: moments.sumOfSquares - 2 * theta * cross + theta * theta * squares,
  };
}
