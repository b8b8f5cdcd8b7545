import { pooledVariance, type Moments, type Stratum } from "./moments.ts";

/** A variant's mean over the phases. */
export interface Estimate {
  readonly mean: number;
  /** Variance of one unit's value. */
  readonly unitVariance: number;
  /** Variance of the mean, for units of variance 1. */
  readonly varianceFactor: number;
  readonly units: number;
}

/** Variants made comparable over phases. */
export interface Standardised {
  readonly estimates: readonly Estimate[];
  /**
   * Sum over the phases of 1 / (1/n_1 + 1/n_2 + ...): how many units the comparison is worth. For two variants of n units
   * each it is n / 2.
   */
  readonly effectiveUnits: number;
}

/** Variance of a variant's mean. */
export function varianceOf({ unitVariance, varianceFactor }: Estimate): number {
  return unitVariance * varianceFactor;
}

/**
 * Means of some variants over the same mix of phases: within each phase the variants are compared as randomised, and
 * phases are weighted by their effective units (for two proportions this is the Mantel-Haenszel risk difference;
 * Greenland & Robins 1985, "Estimation of a common effect parameter from sparse follow-up data", Biometrics 41).
 * Phases in which one of the variants has no unit say nothing about the difference and are left out. Unit variances are
 * pooled over phases. Null when no phase has units of all, or a variance cannot be known.
 *
 * @param variants indices within each stratum
 */
export function standardise(strata: readonly Stratum[], variants: readonly number[]): Standardised | null {
  const phases = strata
    .map((stratum) => variants.map((variant) => stratum[variant] as Moments))
    .filter((phase) => phase.every(({ count }) => count > 0));
  const weights = phases.map((phase) => 1 / phase.reduce((sum, { count }) => sum + 1 / count, 0));
  const effectiveUnits = weights.reduce((sum, weight) => sum + weight, 0);
  if (effectiveUnits === 0) return null;
  const estimates = variants.map((_, i): Estimate => {
    const arms = phases.map((phase) => phase[i] as Moments);
    let mean = 0;
    let varianceFactor = 0;
    let units = 0;
    for (const [phase, arm] of arms.entries()) {
      const share = (weights[phase] as number) / effectiveUnits;
      mean += (share * arm.sum) / arm.count;
      varianceFactor += (share * share) / arm.count;
      units += arm.count;
    }
    return { mean, varianceFactor, units, unitVariance: pooledVariance(arms) };
  });
  return estimates.some(({ unitVariance }) => Number.isNaN(unitVariance))
    ? null
    : { estimates, effectiveUnits };
}
