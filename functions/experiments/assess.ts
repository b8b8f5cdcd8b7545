import type { ExperimentDefinition, Metric } from "../../shared/contracts/experiment.ts";
import type { PhaseSums } from "../records/experiment-aggregates.ts";
import { compare, type Comparison } from "./statistics/compare.ts";
import { adjustByCovariate, type CupedResult } from "./statistics/cuped.ts";
import { fixedHorizonInference } from "./statistics/fixed-horizon.ts";
import { harmOf } from "./statistics/harm.ts";
import { holm } from "./statistics/holm.ts";
import { noMoments, type Stratum } from "./statistics/moments.ts";
import { sampleRatio, SAMPLE_RATIO_ALPHA, type SampleRatioResult } from "./statistics/sample-ratio.ts";
import { sequentialInference, type SequentialResult } from "./statistics/sequential.ts";

/** What one phase counted, and how it was meant to be split. */
export interface PhaseData extends PhaseSums {
  readonly shares: readonly number[];
}

/** One treatment against the control, in one metric. */
export interface Finding {
  readonly metric: Metric;
  /** Index of the treatment. */
  readonly treatment: number;
  readonly comparison: Comparison | null;
  readonly sequential: SequentialResult;
  readonly fixed: SequentialResult;
  /** For primary metrics: the p-value that decides, corrected for there being several. */
  readonly adjustedPValue: number | null;
  /** For guardrails: how much worse the treatment is. */
  readonly harm: { readonly low: number | null; readonly high: number | null } | null;
}

export interface MetricSums {
  readonly metric: Metric;
  /** By phase and variant; adjusted where a covariate is known. */
  readonly strata: readonly Stratum[];
  readonly cuped: Pick<CupedResult, "theta" | "varianceReduction"> | null;
}

export interface Assessment {
  /** Units of each variant, over all phases. */
  readonly units: readonly number[];
  readonly sampleRatio: SampleRatioResult & { readonly mismatch: boolean };
  readonly metrics: readonly MetricSums[];
  readonly findings: readonly Finding[];
  /** Units (all variants) at which the intervals are tightest. */
  readonly plannedUnits: number;
  /** The same in effective units of a comparison: see `mixtureRatio`. */
  readonly planned: number;
}

const CONTROL = 0;
const DEFAULT_PLANNED_UNITS = 10_000;
/** A covariate known of fewer units is no help, and its slope is noise. */
const MIN_COVARIATES = 100;

/** All that can be said of an experiment's numbers, at any look: who differs from the control, and by how much. */
export function assess(definition: ExperimentDefinition, phases: readonly PhaseData[]): Assessment {
  const { variants, metrics, analysis, policy } = definition;
  const plannedUnits = analysis.planned_units ?? DEFAULT_PLANNED_UNITS;
  const units = variants.map((_, variant) =>
    phases.reduce((sum, phase) => sum + (phase.units[variant] ?? 0), 0),
  );
  const ratio = sampleRatio(policy.type === "shadow" ? [] : phases);
  const sums = metrics.map((metric) => metricSums(metric, phases, variants.length));
  const treatments = variants.map((_, variant) => variant).slice(CONTROL + 1);
  const guardrails = metrics.filter(({ role }) => role === "guardrail").length;
  // A canary decides by its smaller arm, step by step: its intervals are to be tight there.
  const planned =
    policy.type === "canary" ? policy.min_units * policy.steps.length : plannedUnits / 2 / variants.length;
  const findings = sums.flatMap(({ metric, strata }) =>
    treatments.map((treatment): Finding => {
      const comparison = compare(strata, CONTROL, treatment, metric.kind === "binary");
      const harm =
        metric.role === "guardrail"
          ? harmOf({
              strata,
              control: CONTROL,
              treatment,
              better: metric.direction,
              planned,
              proportion: metric.kind === "binary",
              // Any of them ends the treatment, so that together they may be wrong as often as one alone.
              alpha: analysis.alpha / (guardrails * treatments.length),
            })
          : null;
      return {
        metric,
        treatment,
        comparison,
        harm,
        adjustedPValue: null,
        sequential: sequentialInference(comparison, planned, analysis.alpha),
        fixed: fixedHorizonInference(comparison, analysis.alpha),
      };
    }),
  );
  return {
    units,
    sampleRatio: { ...ratio, mismatch: ratio.sequentialPValue < SAMPLE_RATIO_ALPHA },
    metrics: sums,
    findings: adjust(findings, analysis.type),
    plannedUnits,
    planned,
  };
}

function metricSums(metric: Metric, phases: readonly PhaseData[], variants: number): MetricSums {
  const none = Array.from({ length: variants }, () => ({
    moments: noMoments,
    covariate: { count: 0, x: 0, xx: 0, xy: 0, y: 0 },
  }));
  const arms = phases.map((phase) => phase.metrics.get(metric.key) ?? none);
  const known = arms.flat().reduce((sum, { covariate }) => sum + covariate.count, 0);
  const adjusted = known >= MIN_COVARIATES ? adjustByCovariate(arms) : null;
  if (!adjusted)
    return { metric, cuped: null, strata: arms.map((stratum) => stratum.map(({ moments }) => moments)) };
  const { strata, theta, varianceReduction } = adjusted;
  return { metric, strata, cuped: { theta, varianceReduction } };
}

function adjust(findings: readonly Finding[], type: "sequential" | "fixed"): Finding[] {
  const primary = findings.filter(({ metric }) => metric.role === "primary");
  const adjusted = holm(primary.map((finding) => finding[type].pValue));
  return findings.map((finding) => {
    const i = primary.indexOf(finding);
    return i < 0 ? finding : { ...finding, adjustedPValue: adjusted[i] as number };
  });
}

/** Better (1), worse (-1) or neither (0), as far as the corrected p-value lets one say. */
export function directionOf({ metric, comparison, adjustedPValue }: Finding, alpha: number): -1 | 0 | 1 {
  if (!comparison || adjustedPValue === null || adjustedPValue >= alpha) return 0;
  return comparison.difference > 0 === (metric.direction === "increase") ? 1 : -1;
}

/** True where a guardrail is worse beyond doubt. */
export function isHarmed({ harm }: Finding): boolean {
  return harm !== null && harm.low !== null && harm.low > 0;
}
