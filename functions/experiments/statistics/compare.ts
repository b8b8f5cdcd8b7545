import { addMoments, noMoments, pooledVariance, type Moments, type Stratum } from "./moments.ts";
import { standardise, varianceOf, type Estimate } from "./standardise.ts";

/** How a treatment differs from the control, in the metric's own unit. */
export interface Comparison {
  readonly control: Estimate;
  readonly treatment: Estimate;
  /** Treatment's mean less the control's. */
  readonly difference: number;
  /** Variance of the difference, as the two samples have it (Welch). */
  readonly variance: number;
  /** The same, but no arm's unit variance taken for smaller than both arms' together. */
  readonly cautiousVariance: number;
  readonly effectiveUnits: number;
  /** Whether the normal approximation may be relied on: see `isMature`. */
  readonly mature: boolean;
}

/** Below this a mean is not nearly normal, whatever is measured. */
const MIN_UNITS = 30;
/** Successes and failures that a proportion must be expected to have in each arm (Cochran's rule for 2 x 2 tables). */
const MIN_EXPECTED = 5;

/**
 * Compares two variants over the phases of an experiment. Null while nothing can be compared.
 *
 * `cautiousVariance` guards the sequential test while an arm is small: an arm of 50 units that by chance has not had its
 * first conversion yet has a sample variance of 0, and a test that believes it is certain of a difference.
 */
export function compare(
  strata: readonly Stratum[],
  control: number,
  treatment: number,
  proportion: boolean,
): Comparison | null {
  const standardised = standardise(strata, [control, treatment]);
  const [a, b] = standardised?.estimates ?? [];
  if (!standardised || !a || !b) return null;
  const arms = [control, treatment].map((variant) => strata.map((stratum) => stratum[variant] as Moments));
  const pooled = pooledVariance(arms.flat());
  const cautious = (arm: Estimate) => Math.max(arm.unitVariance, pooled) * arm.varianceFactor;
  return {
    control: a,
    treatment: b,
    difference: b.mean - a.mean,
    variance: varianceOf(a) + varianceOf(b),
    cautiousVariance: cautious(a) + cautious(b),
    effectiveUnits: standardised.effectiveUnits,
    mature: isMature(
      arms.map((arm) => arm.reduce(addMoments, noMoments)),
      proportion,
    ),
  };
}

/**
 * Sequential tests begin here: starting late costs nothing in validity (Bibaut, Kallus & Lindon 2022, "Near-optimal
 * non-parametric sequential tests and confidence sequences with possibly dependent observations", section 3), starting
 * before the central limit theorem holds does.
 */
function isMature(arms: readonly Moments[], proportion: boolean): boolean {
  if (arms.some(({ count }) => count < MIN_UNITS)) return false;
  if (!proportion) return true;
  const { count, sum } = arms.reduce(addMoments, noMoments);
  const rate = Math.min(sum, count - sum) / count;
  return arms.every((arm) => arm.count * rate >= MIN_EXPECTED);
}
