import { lazily } from "../lazy-list.ts";
import type { Objective } from "./objective.ts";
import { tune, type TuneOptions } from "./tune.ts";

/** A short run with one learning rate. */
export interface Trial {
  readonly learningRate: number;
  /** On the validation rows, or of the last steps where there are none; Infinity for a run that diverged. */
  readonly loss: number;
}

/** Factors on the usual learning rate, which comes first. */
const FACTORS = [1, 0.3, 3];
/** A trial's share of the whole run's steps, and the fewest that tell learning rates apart. */
const SHARE = 0.04;
const MIN_STEPS = 16;
/**
 * Another learning rate than the usual one must be better by this much: short runs tell little, and a high rate gets ahead early.
 * On trec two that won so ended points behind; see README.md.
 */
const CLEARLY_BETTER = { lower: 0.95, higher: 0.8 };

/**
 * Tries learning rates on the first steps of a run, each warmed up and cooled down by itself. Gives none for runs too short
 * to pay for it. Throws what the signal was aborted with.
 */
export async function pilot(
  objective: Objective,
  options: Omit<TuneOptions, "onStep" | "onState" | "resume">,
): Promise<Trial[]> {
  const count = Math.floor(options.steps.length * SHARE);
  if (count < MIN_STEPS) return [];
  const { validation, steps, ...rest } = options;
  const trials: Trial[] = [];
  for (const factor of FACTORS) {
    const learningRate = options.learningRate * factor;
    const tuned = await tune(objective, {
      ...rest,
      learningRate,
      steps: lazily(count, (i) => steps.at(i) ?? []),
      onStep: () => undefined,
    });
    const last = tuned.history.slice(-MIN_STEPS / 2);
    const loss = validation
      ? (await validation.measure(tuned.parameters)).loss
      : last.reduce((sum, { trainLoss }) => sum + trainLoss, 0) / last.length;
    trials.push({
      learningRate,
      loss: tuned.stopped === "finished" && Number.isFinite(loss) ? loss : Infinity,
    });
  }
  return trials;
}

/** The learning rate to take, if there were trials: the usual one unless another is clearly better. */
export function bestOf([usual, ...others]: readonly Trial[]): number | undefined {
  if (!usual) return undefined;
  const better = others.filter(({ learningRate, loss }) => {
    const share = learningRate > usual.learningRate ? CLEARLY_BETTER.higher : CLEARLY_BETTER.lower;
    return loss < share * usual.loss;
  });
  return better.toSorted((a, b) => a.loss - b.loss)[0]?.learningRate ?? usual.learningRate;
}

/** For people, with the loss in nats. */
export function describe(trials: readonly Trial[]): string {
  const sorted = trials.toSorted((a, b) => a.learningRate - b.learningRate);
  const found = sorted.map(({ learningRate, loss }) => `${+learningRate.toPrecision(3)}: ${loss.toFixed(3)}`);
  return `a pilot run tried learning rates (${found.join(", ")} nats)`;
}
