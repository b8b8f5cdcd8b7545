import type { BanditPolicy, ExperimentDefinition } from "../../../shared/contracts/experiment.ts";
import type { Assessment } from "../assess.ts";
import { posteriorsOf } from "../posteriors.ts";
import { bayesCompare } from "../statistics/bayes.ts";
import type { PolicyDecision } from "./canary.ts";

/** Shares that change by less stay: units would be moved for nothing. */
const MIN_CHANGE = 0.01;

export interface BanditState {
  readonly shares: readonly number[];
  readonly minutesInPhase: number;
}

/**
 * Thompson sampling in batches: each variant's share is its probability to be best (probability matching is what sampling
 * from the posterior unit by unit comes to; Thompson 1933; Scott 2010, "A modern Bayesian look at the multi-armed bandit"),
 * mixed with a floor for all. Units keep their variant except where the shares make them move.
 */
export function decideBandit(
  definition: ExperimentDefinition,
  policy: BanditPolicy,
  state: BanditState,
  assessment: Assessment,
): PolicyDecision | null {
  if (state.minutesInPhase < policy.interval_minutes || assessment.sampleRatio.mismatch) return null;
  if (assessment.units.some((units) => units < policy.min_units)) return null;
  const sums = assessment.metrics.find(({ metric }) => metric.role === "primary");
  const posteriors = sums && posteriorsOf(sums);
  if (!sums || !posteriors) return null;
  const best = bayesCompare(posteriors, sums.metric.direction);
  const free = 1 - policy.floor * definition.variants.length;
  const weights = best.map(({ probabilityBest }) => policy.floor + free * probabilityBest);
  if (weights.every((weight, i) => Math.abs(weight - (state.shares[i] as number)) < MIN_CHANGE)) return null;
  const percent = weights.map((weight, i) => `${definition.variants[i]?.key} ${(weight * 100).toFixed(1)} %`);
  return { action: "reallocate", weights, reason: percent.join(", ") };
}
