import type { ExperimentDefinition } from "../../shared/contracts/experiment.ts";
import { ConflictError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { readPhaseSums, type PhaseSums } from "../records/experiment-aggregates.ts";
import type { NewHistoryEntry } from "../records/experiment-history.ts";
import type { ExperimentRecord, ExperimentUpdate } from "../records/experiments.ts";
import { reallocate, shares } from "./allocation.ts";
import { assess, type Assessment, type PhaseData } from "./assess.ts";
import { decideBandit } from "./policies/bandit.ts";
import { canaryWeights, decideCanary, type PolicyDecision } from "./policies/canary.ts";
import { experimentsOf } from "./service.ts";
import { verdictOf } from "./verdict.ts";

const MS_PER_MINUTE = 60_000;

/** An experiment's numbers and what they come to, now. */
export interface Look {
  readonly phases: readonly PhaseData[];
  readonly assessment: Assessment;
  /** Milliseconds since 1970. */
  readonly phaseStartedAt: number;
}

export async function lookAt(deps: Deps, record: ExperimentRecord): Promise<Look> {
  const [sums, phases] = await Promise.all([
    readPhaseSums(deps.database, record.id, record.definition),
    experimentsOf(deps).records.phases(record.id),
  ]);
  const data = countedIn(record.definition, phases, sums);
  const phaseStartedAt = phases.at(-1)?.startedAt ?? record.createdAt;
  return { phases: data, assessment: assess(record.definition, data), phaseStartedAt };
}

/** Each phase as it was meant to be split, with what it counted: nothing, where no unit came. */
export function countedIn(
  definition: ExperimentDefinition,
  phases: readonly Pick<PhaseData, "phase" | "shares">[],
  sums: readonly PhaseSums[],
): PhaseData[] {
  return phases.map(({ phase, shares: meant }) => {
    const counted = sums.find((one) => one.phase === phase);
    const units = definition.variants.map(() => 0);
    return { ...(counted ?? { phase, units, metrics: new Map() }), shares: meant };
  });
}

/**
 * Looks at a running experiment and does what its policy wants. A change of the verdict goes into the history. When
 * somebody changes the experiment at the same time, their change stands and the next look sees it.
 */
export async function evaluateExperiment(deps: Deps, record: ExperimentRecord): Promise<void> {
  const look = await lookAt(deps, record);
  const decision = decide(record, look, deps.now());
  const verdict = verdictOf(record.definition, look.assessment);
  // How many units are missing changes with every look; that is no news.
  const news = verdict.state === "keep_collecting" ? "keep collecting" : verdict.text;
  if (!decision && news === record.verdict) return;
  const { change, entry } = decision ? carryOut(record, decision, deps.now()) : { change: {}, entry: null };
  try {
    await experimentsOf(deps).records.update(
      record,
      { ...change, verdict: news },
      entry ?? {
        actor: "policy",
        action: "verdict",
        detail: { verdict: news, units: look.assessment.units },
      },
    );
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return;
  }
  experimentsOf(deps).cache.forget(record);
  deps.log({
    level: "info",
    message: `Experiment: ${entry?.action ?? "verdict"}`,
    experiment: record.id,
    verdict: news,
  });
}

function decide(record: ExperimentRecord, look: Look, now: number): PolicyDecision | null {
  const { definition, allocation, step } = record;
  const { policy } = definition;
  const minutesInPhase = (now - look.phaseStartedAt) / MS_PER_MINUTE;
  if (policy.type === "canary") {
    const unitsInPhase = look.phases.at(-1)?.units[1] ?? 0;
    return decideCanary(definition, policy, { step, unitsInPhase, minutesInPhase }, look.assessment);
  }
  if (policy.type === "bandit") {
    const state = { shares: shares(allocation, definition.variants.length), minutesInPhase };
    return decideBandit(definition, policy, state, look.assessment);
  }
  return null;
}

function carryOut(
  record: ExperimentRecord,
  decision: PolicyDecision,
  now: number,
): { change: ExperimentUpdate; entry: NewHistoryEntry } {
  const entry = { actor: "policy", action: decision.action, detail: { ...decision } };
  return { entry, change: changeOf(record, decision, now) };
}

function changeOf(
  { definition, allocation }: ExperimentRecord,
  decision: PolicyDecision,
  now: number,
): ExperimentUpdate {
  if (decision.action === "roll_back") return { status: "rolled_back", serving: 0, endedAt: now };
  if (decision.action === "pause") return { status: "paused" };
  if (decision.action === "promote") return { status: "promoted", serving: decision.variant, endedAt: now };
  if (decision.action === "reallocate") return { allocation: reallocate(allocation, decision.weights) };
  const { policy } = definition;
  // Only canaries have steps.
  if (policy.type !== "canary") return {};
  return { allocation: reallocate(allocation, canaryWeights(policy, decision.step)), step: decision.step };
}
