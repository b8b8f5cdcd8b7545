import { directionOf } from "../../../functions/experiments/assess.ts";
import { decideBandit } from "../../../functions/experiments/policies/bandit.ts";
import { canaryWeights, decideCanary } from "../../../functions/experiments/policies/canary.ts";
import { sequentialSampleSize } from "../../../functions/experiments/statistics/sample-size.ts";
import { createRandom } from "../../../shared/random.ts";
import {
  addUnit,
  bernoulli,
  definitionFor,
  logNormal,
  lookAt,
  newPhase,
  type Draw,
  type SimulatedPhase,
} from "./simulate.ts";

/** A look after every so many units: far oftener than anybody looks. */
const LOOK_EVERY = 100;
const ALPHA = 0.05;

interface Comparison {
  readonly kind: "binary" | "continuous";
  readonly draw: Draw;
  readonly effect: number;
  readonly units: number;
  readonly plannedUnits?: number;
}

/** What was ever the case at any look of one experiment. */
interface History {
  readonly better: boolean;
  readonly different: boolean;
  /** The interval held the true effect at every look. */
  readonly covered: boolean;
  readonly mismatch: boolean;
}

function runComparison({ kind, draw, effect, units, plannedUnits }: Comparison, seed: number): History {
  const analysis = plannedUnits === undefined ? {} : { analysis: { planned_units: plannedUnits } };
  const definition = definitionFor(analysis, { key: "m", kind });
  const random = createRandom(seed);
  const phase = newPhase([0.5, 0.5]);
  let [better, different, covered, mismatch] = [false, false, true, false];
  for (let unit = 1; unit <= units; unit++) {
    addUnit(phase, draw, random);
    if (unit % LOOK_EVERY !== 0) continue;
    const { findings, sampleRatio } = lookAt(definition, [phase]);
    const [finding] = findings;
    if (!finding) continue;
    const direction = directionOf(finding, ALPHA);
    const { interval } = finding.sequential;
    better ||= direction > 0;
    different ||= direction !== 0;
    covered &&= !interval || (interval.low <= effect && effect <= interval.high);
    mismatch ||= sampleRatio.mismatch;
  }
  return { better, different, covered, mismatch };
}

const share = (histories: readonly History[], what: keyof History) =>
  histories.filter((history) => history[what]).length / histories.length;

/** The same variant twice: whatever is found is false. Rates from rare to even, and a skewed continuous metric, in turn. */
export function simulateNoEffect(runs: number, units = 20_000) {
  const kinds: readonly Pick<Comparison, "kind" | "draw">[] = [
    ...[0.02, 0.1, 0.5].map((rate) => ({ kind: "binary" as const, draw: bernoulli(rate, rate) })),
    { kind: "continuous", draw: logNormal },
  ];
  const histories = Array.from({ length: runs }, (_, run) =>
    runComparison({ ...(kinds[run % kinds.length] as (typeof kinds)[0]), effect: 0, units }, run + 1),
  );
  return { falsePositives: share(histories, "different"), mismatches: share(histories, "mismatch") };
}

/** A true effect, with as many units as the calculator asks for. */
export function simulatePower(runs: number) {
  const [baseline, effect] = [0.1, 0.02];
  const perVariant = sequentialSampleSize({ baseline, effect, alpha: ALPHA, power: 0.8 });
  const draw = bernoulli(baseline, baseline + effect);
  const comparison = {
    kind: "binary" as const,
    draw,
    effect,
    units: 2 * perVariant,
    plannedUnits: 2 * perVariant,
  };
  const histories = Array.from({ length: runs }, (_, run) => runComparison(comparison, 10_000 + run));
  return { power: share(histories, "better"), perVariant };
}

/** How often the interval holds the true effect at every look at once. */
export function simulateCoverage(runs: number, units = 20_000) {
  const comparison = { kind: "binary" as const, draw: bernoulli(0.1, 0.12), effect: 0.02, units };
  const histories = Array.from({ length: runs }, (_, run) => runComparison(comparison, 20_000 + run));
  return { coverage: share(histories, "covered") };
}

/** A canary whose guardrail is worse by `harm`; 0 asks how often a good one is rolled back. */
export function simulateCanary(runs: number, harm: number, units = 20_000) {
  const definition = definitionFor(
    { policy: "canary" },
    { key: "error_rate", role: "guardrail", min_effect: 0.05 },
  );
  const { policy } = definition;
  if (policy.type !== "canary") throw new TypeError("Simulated definition is no canary");
  const draw = bernoulli(0.05, 0.05 + harm);
  let [rolledBack, promoted, exposed] = [0, 0, 0];
  for (let run = 0; run < runs; run++) {
    const random = createRandom(30_000 + run);
    const sharesAt = (step: number) => canaryWeights(policy, step).map((weight) => weight / 100);
    let phase = newPhase(sharesAt(0));
    const phases: SimulatedPhase[] = [phase];
    let step = 0;
    let end: string | undefined;
    for (let unit = 1; unit <= units && !end; unit++) {
      exposed += addUnit(phase, draw, random);
      if (unit % LOOK_EVERY !== 0) continue;
      const state = { step, unitsInPhase: phase.units[1] ?? 0, minutesInPhase: Infinity };
      const decision = decideCanary(definition, policy, state, lookAt(definition, phases));
      if (decision?.action === "advance") {
        step = decision.step;
        phase = newPhase(sharesAt(step));
        phases.push(phase);
      } else {
        end = decision?.action;
        if (end === "promote") exposed += units - unit;
      }
    }
    rolledBack += Number(end === "roll_back");
    promoted += Number(end === "promote");
  }
  return { rolledBack: rolledBack / runs, promoted: promoted / runs, exposedShare: exposed / runs / units };
}

/** Conversions lost to the worse variant, as a share of what an even split loses. */
export function simulateBandit(runs: number, units = 20_000) {
  const definition = definitionFor({ policy: "bandit" }, { key: "m", kind: "binary" });
  const { policy } = definition;
  if (policy.type !== "bandit") throw new TypeError("Simulated definition is no bandit");
  const rates = [0.1, 0.12];
  const lookEvery = 10 * LOOK_EVERY;
  let worse = 0;
  for (let run = 0; run < runs; run++) {
    const random = createRandom(40_000 + run);
    let phase = newPhase([0.5, 0.5]);
    const phases: SimulatedPhase[] = [phase];
    for (let unit = 1; unit <= units; unit++) {
      worse += Number(addUnit(phase, bernoulli(...rates), random) === 0);
      if (unit % lookEvery !== 0) continue;
      const state = { shares: phase.shares, minutesInPhase: Infinity };
      const decision = decideBandit(definition, policy, state, lookAt(definition, phases));
      if (decision?.action !== "reallocate") continue;
      phase = newPhase(decision.weights);
      phases.push(phase);
    }
  }
  return { regretRatio: worse / runs / (units / 2) };
}
