import type { ExperimentDefinition, Metric } from "../../shared/contracts/experiment.ts";
import type { Deps } from "../deps.ts";
import { readDaySums } from "../records/experiment-aggregates.ts";
import type { ExperimentRecord } from "../records/experiments.ts";
import type { Assessment, Finding, MetricSums } from "./assess.ts";
import { directionOf } from "./assess.ts";
import { lookAt } from "./evaluate.ts";
import { posteriorsOf } from "./posteriors.ts";
import { openGuardrails } from "./policies/canary.ts";
import { bayesCompare } from "./statistics/bayes.ts";
import { liftOf } from "./statistics/lift.ts";
import { addMoments, noMoments } from "./statistics/moments.ts";
import { criticalValue, mixtureRatio, type Interval } from "./statistics/sequential.ts";
import { verdictOf } from "./verdict.ts";

/** Everything that can be said of an experiment now, as `GET /v1/experiments/{id}/results` answers it. */
export async function reportOf(deps: Deps, record: ExperimentRecord) {
  const { definition } = record;
  const [{ phases, assessment }, days] = await Promise.all([
    lookAt(deps, record),
    readDaySums(deps.database, record.id),
  ]);
  const verdict = verdictOf(definition, assessment);
  const { sampleRatio: ratio } = assessment;
  const keyOf = (variant: number) => definition.variants[variant]?.key ?? "";
  return {
    object: "experiment.results" as const,
    experiment: record.id,
    name: record.name,
    status: record.status,
    verdict: {
      state: verdict.state,
      text: verdict.text,
      winner: verdict.winner,
      units_needed: verdict.unitsNeeded,
    },
    analysis: { ...definition.analysis, planned_units: assessment.plannedUnits },
    sample_ratio: {
      chi_square: ratio.chiSquare,
      p_value: ratio.pValue,
      sequential_p_value: ratio.sequentialPValue,
      mismatch: ratio.mismatch,
    },
    waiting_for: definition.policy.type === "canary" ? openGuardrails(assessment) : [],
    variants: definition.variants.map(({ key, model }, i) => ({
      key,
      model,
      units: assessment.units[i] ?? 0,
    })),
    phases: phases.map(({ phase, shares, units }) => ({ phase, shares: [...shares], units: [...units] })),
    metrics: assessment.metrics.map((sums) => presentMetric(record, assessment, sums)),
    days: days.map(({ variant, ...day }) => ({ ...day, variant: keyOf(variant) })),
  };
}

function presentMetric({ definition }: ExperimentRecord, assessment: Assessment, sums: MetricSums) {
  const { metric, strata, cuped } = sums;
  const posteriors = posteriorsOf(sums);
  const bayes = posteriors && bayesCompare(posteriors, metric.direction);
  return {
    ...metric,
    min_effect: metric.min_effect ?? null,
    cuped: cuped && { theta: cuped.theta, variance_reduction: cuped.varianceReduction },
    variants: definition.variants.map(({ key }, i) => {
      const total = strata.map((stratum) => stratum[i] ?? noMoments).reduce(addMoments, noMoments);
      return {
        variant: key,
        units: total.count,
        mean: total.count === 0 ? null : total.sum / total.count,
        probability_best: bayes?.[i]?.probabilityBest ?? null,
        expected_loss: bayes?.[i]?.expectedLoss ?? null,
      };
    }),
    comparisons: presentComparisons(definition, assessment, metric),
  };
}

/** Every treatment against the control in one metric, as the API shows it. */
export function presentComparisons(
  { variants, analysis }: ExperimentDefinition,
  assessment: Assessment,
  metric: Metric,
) {
  const keyOf = (variant: number) => variants[variant]?.key ?? "";
  return assessment.findings
    .filter((finding) => finding.metric === metric)
    .map((finding) => presentFinding(finding, assessment, analysis.alpha, keyOf));
}

function presentFinding(
  finding: Finding,
  { planned }: Assessment,
  alpha: number,
  keyOf: (variant: number) => string,
) {
  const { comparison, sequential, fixed, adjustedPValue, harm, treatment } = finding;
  // The lift's interval is the difference's, seen from the control's mean: open for as long as that one is.
  const critical =
    comparison && sequential.interval
      ? criticalValue(mixtureRatio(comparison.effectiveUnits, planned, alpha), alpha)
      : null;
  const lift = comparison && liftOf(comparison, critical ?? 0);
  return {
    variant: keyOf(treatment),
    against: keyOf(0),
    difference: comparison?.difference ?? null,
    interval: bounds(sequential.interval),
    lift: lift?.lift ?? null,
    lift_interval: critical === null ? null : bounds(lift?.interval ?? null),
    p_value: sequential.pValue,
    adjusted_p_value: adjustedPValue,
    result: (["worse", "undecided", "better"] as const)[directionOf(finding, alpha) + 1],
    harm: harm && ([harm.low, harm.high] as [number | null, number | null]),
    fixed_horizon: { interval: bounds(fixed.interval), p_value: fixed.pValue },
  };
}

function bounds(interval: Interval | null): [number, number] | null {
  return interval && [interval.low, interval.high];
}
