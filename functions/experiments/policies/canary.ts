import type { CanaryPolicy, ExperimentDefinition } from "../../../shared/contracts/experiment.ts";
import { directionOf, isHarmed, type Assessment } from "../assess.ts";

/** What a policy wants done; null leaves everything as it is. */
export type PolicyDecision =
  | { readonly action: "roll_back"; readonly reason: string }
  | { readonly action: "pause"; readonly reason: string }
  | { readonly action: "advance"; readonly step: number; readonly reason: string }
  | { readonly action: "promote"; readonly variant: number; readonly reason: string }
  | { readonly action: "reallocate"; readonly weights: readonly number[]; readonly reason: string };

export interface CanaryState {
  readonly step: number;
  /** Units of the treatment in the present phase. */
  readonly unitsInPhase: number;
  /** Since the present phase began. */
  readonly minutesInPhase: number;
}

export const TREATMENT = 1;

/** Weights of control and treatment at a step. */
export function canaryWeights({ steps }: CanaryPolicy, step: number): number[] {
  const share = steps[step] as number;
  return [100 - share, share];
}

/**
 * The next move of a canary. Harm to a guardrail ends it at once, a worse primary metric pauses it for somebody to look, a
 * sample ratio that is off holds it. Otherwise it goes on when the step has had its units and its time; the step to 100 %
 * moreover waits until every guardrail with a `min_effect` is known to be worse by less than that.
 */
export function decideCanary(
  definition: ExperimentDefinition,
  policy: CanaryPolicy,
  state: CanaryState,
  assessment: Assessment,
): PolicyDecision | null {
  const harmed = assessment.findings.find(isHarmed);
  if (harmed) {
    const { metric, harm } = harmed;
    const reason = `Guardrail "${metric.key}" is worse by at least ${harm?.low?.toPrecision(3)}`;
    return { action: "roll_back", reason };
  }
  if (assessment.sampleRatio.mismatch) return null;
  const worse = assessment.findings.find((finding) => directionOf(finding, definition.analysis.alpha) < 0);
  if (worse) return { action: "pause", reason: `Primary metric "${worse.metric.key}" is worse` };
  if (state.unitsInPhase < policy.min_units || state.minutesInPhase < policy.min_minutes) return null;
  const next = state.step + 1;
  const share = policy.steps[next];
  if (share !== undefined && share < 100)
    return { action: "advance", step: next, reason: `${share} % after ${state.unitsInPhase} units` };
  if (openGuardrails(assessment).length > 0) return null;
  return {
    action: "promote",
    variant: TREATMENT,
    reason: `No guardrail is worse after ${assessment.units[TREATMENT]} units`,
  };
}

/** Guardrails whose harm may still be as large as their `min_effect`. */
export function openGuardrails({ findings }: Assessment): string[] {
  return findings
    .filter(
      ({ harm, metric }) =>
        harm !== null && metric.min_effect !== undefined && (harm.high ?? Infinity) >= metric.min_effect,
    )
    .map(({ metric }) => metric.key);
}
