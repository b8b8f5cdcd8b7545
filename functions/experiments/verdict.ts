import type { ExperimentDefinition } from "../../shared/contracts/experiment.ts";
import { directionOf, isHarmed, type Assessment, type Finding } from "./assess.ts";
import { sequentialSampleSize } from "./statistics/sample-size.ts";

export const verdictStates = [
  "do_not_trust",
  "keep_collecting",
  "better",
  "no_difference",
  "inconclusive",
  "no_primary_metric",
  "nothing_to_compare",
] as const;

/** What the numbers come to, in words that need no statistics. */
export interface Verdict {
  readonly state: (typeof verdictStates)[number];
  readonly text: string;
  /** Key of the variant that is better. */
  readonly winner: string | null;
  /** About how many more units it takes, all variants together. */
  readonly unitsNeeded: number | null;
}

const POWER = 0.8;
const MAX_UNITS = 1e9;

/**
 * The verdict of an experiment. In this order: a sample ratio that is off, harm to a guardrail, a primary metric that is
 * better (and none that is worse), all treatments worse, differences too small to be worth having, or not enough yet.
 */
export function verdictOf(definition: ExperimentDefinition, assessment: Assessment): Verdict {
  const { variants, analysis } = definition;
  const { findings } = assessment;
  const decided = (winner: number, why = ""): Verdict => {
    const { key } = variants[winner] as { key: string };
    return { state: "better", text: `${key} is better${why}`, winner: key, unitsNeeded: 0 };
  };
  if (assessment.sampleRatio.mismatch) return undecided("do_not_trust", "do not trust: sample ratio");
  const treatments = variants.map((_, i) => i).slice(1);
  if (treatments.length === 0) return undecided("nothing_to_compare", "nothing to compare with");
  const harmed = new Map(findings.filter(isHarmed).map((finding) => [finding.treatment, finding.metric.key]));
  if (treatments.length > 0 && harmed.size === treatments.length) {
    return decided(0, `: guardrail ${[...new Set(harmed.values())].join(", ")} is worse otherwise`);
  }
  const primary = findings.filter(({ metric }) => metric.role === "primary");
  if (primary.length === 0) return undecided("no_primary_metric", "no primary metric to decide by");
  if (analysis.type === "fixed" && total(assessment) < assessment.plannedUnits) {
    return keepCollecting(assessment.plannedUnits - total(assessment));
  }
  const directions = (treatment: number) =>
    primary
      .filter((finding) => finding.treatment === treatment)
      .map((finding) => directionOf(finding, analysis.alpha));
  const candidates = treatments.filter((treatment) => !harmed.has(treatment));
  const winners = candidates.filter((one) => directions(one).includes(1) && !directions(one).includes(-1));
  if (winners.length > 0)
    return decided(winners.toSorted((a, b) => gain(primary, b) - gain(primary, a))[0] as number);
  if (candidates.every((one) => directions(one).includes(-1) && !directions(one).includes(1)))
    return decided(0);
  const open = primary.filter(({ treatment }) => candidates.includes(treatment));
  if (open.every((finding) => isNegligible(finding, analysis.type))) {
    return undecided("no_difference", "no difference worth having");
  }
  if (analysis.type === "fixed") return undecided("inconclusive", "no difference found at the planned size");
  return keepCollecting(unitsNeeded(open, assessment, analysis.alpha));
}

function undecided(state: Verdict["state"], text: string): Verdict {
  return { state, text, winner: null, unitsNeeded: null };
}

function keepCollecting(units: number | null): Verdict {
  const about = units === null ? "" : ` (about ${units.toLocaleString("en-US")} more units)`;
  return { ...undecided("keep_collecting", `keep collecting${about}`), unitsNeeded: units };
}

const total = ({ units }: Assessment) => units.reduce((sum, count) => sum + count, 0);

/** Improvement in standard errors: comparable between metrics. */
function gain(primary: readonly Finding[], treatment: number): number {
  return primary
    .filter((finding) => finding.treatment === treatment && finding.comparison)
    .reduce((sum, { comparison, metric }) => {
      const { difference, variance } = comparison as NonNullable<typeof comparison>;
      return sum + ((metric.direction === "increase" ? 1 : -1) * difference) / Math.sqrt(variance);
    }, 0);
}

/** The whole interval is closer to 0 than the smallest effect worth having. */
function isNegligible(finding: Finding, type: "sequential" | "fixed"): boolean {
  const { interval } = finding[type];
  const margin = finding.metric.min_effect;
  return interval !== null && margin !== undefined && interval.low > -margin && interval.high < margin;
}

/**
 * More units until the slowest primary metric is expected to be decided: for the smallest effect worth having where that
 * is declared, for the effect seen so far otherwise. Null while there is nothing to go by.
 */
function unitsNeeded(open: readonly Finding[], assessment: Assessment, alpha: number): number | null {
  const present = total(assessment);
  const needs = open.map(({ comparison, metric }) => {
    const effect = metric.min_effect ?? Math.abs(comparison?.difference ?? 0);
    const variance = comparison
      ? (comparison.control.unitVariance + comparison.treatment.unitVariance) / 2
      : 0;
    if (!comparison || effect === 0 || variance === 0) return null;
    const perVariant = sequentialSampleSize({ baseline: 0, effect, variance, alpha, power: POWER });
    // Two variants of n units each are worth n / 2.
    return (present * (perVariant / 2)) / comparison.effectiveUnits;
  });
  if (needs.length === 0 || needs.some((need) => need === null)) return null;
  // Past the expected size and still undecided: it was bad luck, and a tenth more is as good a guess as any.
  const more = Math.max(...(needs as number[])) - present;
  return roundTo2(Math.min(Math.max(more, present / 10, 1), MAX_UNITS));
}

function roundTo2(value: number): number {
  return Math.ceil(Number(value.toPrecision(2)));
}
