import type { MetricSums } from "./assess.ts";
import type { Posterior } from "./statistics/bayes.ts";
import { addMoments, noMoments } from "./statistics/moments.ts";
import { standardise, varianceOf } from "./statistics/standardise.ts";

/**
 * What is believed of each variant's mean. Within a single phase a yes-or-no metric has the exact Beta posterior under the
 * uniform prior; otherwise means are standardised over the phases, so that a trend in time is not taken for an effect, and
 * nearly normal. Null while a variant has no units.
 */
export function posteriorsOf({ metric, strata, cuped }: MetricSums): Posterior[] | null {
  const variants = strata[0]?.map((_, variant) => variant) ?? [];
  const counted = strata.filter((stratum) => stratum.some(({ count }) => count > 0));
  if (metric.kind === "binary" && metric.per_unit === "any" && cuped === null && counted.length === 1) {
    return variants.map((variant): Posterior => {
      const { count, sum } = counted
        .map((stratum) => stratum[variant] ?? noMoments)
        .reduce(addMoments, noMoments);
      return { type: "beta", successes: sum, failures: count - sum };
    });
  }
  const standardised = standardise(strata, variants);
  if (!standardised) return null;
  return standardised.estimates.map((estimate): Posterior => ({
    type: "normal",
    mean: estimate.mean,
    variance: varianceOf(estimate),
  }));
}
