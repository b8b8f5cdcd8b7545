import type { JobProgress } from "../../shared/contracts/job.ts";
import type { ChosenSettings } from "../choose-settings.ts";
import type { HeldOut } from "../dataset.ts";
import type { TokenizedExample } from "../model/training-batch.ts";
import { lazily, type LazyList } from "../lazy-list.ts";
import { adafactor } from "./adafactor.ts";
import { commonEnding, replaceTokens } from "./augment.ts";
import { muon } from "./muon.ts";
import { adamW, type Optimiser } from "./optimiser.ts";
import type { Parametrisation } from "./parametrisation.ts";
import { bestOf, pilot, type Trial } from "./pilot.ts";
import { planBatches } from "./plan-batches.ts";
import { createPromptObjective, createScorer, type Scorer, type TuningModel } from "./prompt-objective.ts";
import { tune, type Tuned, type TuneOptions, type TuneState } from "./tune.ts";
import { validationOf } from "./validation.ts";

/** One tuning run with everything read and chosen. */
export interface TuningRun {
  readonly model: TuningModel;
  readonly settings: ChosenSettings;
  readonly parametrisation: Parametrisation;
  readonly examples: LazyList<TokenizedExample>;
  /** The label of each example, in a label task. */
  readonly answers: readonly number[] | null;
  readonly valid: HeldOut | null;
  readonly resume: TuneState | null;
  progress(change: Partial<JobProgress>): void;
  onState(state: TuneState, interrupted: boolean): Promise<void>;
  readonly signal: AbortSignal;
}

/** Validations over a run: enough to stop near the best, few enough to cost little. */
const VALIDATIONS = 6;

/** Plans the batches, opens the sessions, tunes and closes them again. Throws what the signal was aborted with. */
export async function runTuning(
  run: TuningRun,
): Promise<Tuned & { trainedTokens: number; trials: readonly Trial[] }> {
  const { model, settings, parametrisation, examples, answers, valid, signal } = run;
  const example = examples.at(0);
  const candidates =
    example?.answer === undefined
      ? undefined
      : { count: example.completions.length, share: settings.candidateShare, smoothing: settings.smoothing };
  const batchSize = Math.max(1, Math.round(settings.batchSize / settings.accumulation));
  const plan = planBatches(examples, {
    ...settings,
    batchSize,
    // The examples of less than a pass are a part of the rows already.
    epochs: Math.max(1, settings.epochs),
    candidates,
    frequencies: answers ? balance(answers) : undefined,
  });
  const spared = settings.tokenDropout === 0 ? 0 : commonEnding(examples);
  const batch = (step: readonly number[], index: number) =>
    replaceTokens(
      step.map((i) => examples.at(i) as TokenizedExample),
      settings.tokenDropout,
      spared,
      settings.seed * 1_000_003 + index,
    );
  const { accumulation } = settings;
  const steps = lazily(Math.ceil(plan.steps.length / accumulation), (i) =>
    plan.steps
      .slice(i * accumulation, (i + 1) * accumulation)
      .map((step, k) => batch(step, i * accumulation + k)),
  );
  const layout = { ...plan.layout, inputWeight: settings.inputWeight };
  const objective = await createPromptObjective(model, parametrisation, layout);
  let scorer: Scorer | undefined;
  try {
    if (valid) scorer = await createScorer(model, parametrisation.slot, examplesOf(valid));
    const options = {
      start: parametrisation.start,
      steps,
      optimiser: optimiserOf(run),
      learningRate: settings.learningRate,
      averaging: settings.averaging,
      ...(valid && scorer ? { validation: validation(run, valid, scorer, steps.length) } : {}),
      signal,
    };
    const trials = settings.pilot && !run.resume ? await pilot(objective, options) : [];
    const tuned = await tune(objective, {
      ...options,
      learningRate: bestOf(trials) ?? settings.learningRate,
      resume: run.resume ?? undefined,
      onStep: reporter(run, steps.length, objective.tokensPerStep * settings.accumulation),
      onState: run.onState,
    });
    const trainedTokens = tuned.steps * settings.accumulation * objective.tokensPerStep;
    return { ...tuned, trainedTokens, trials };
  } finally {
    await objective.close();
    await scorer?.close();
  }
}

function validation(
  { settings, parametrisation, signal }: TuningRun,
  valid: HeldOut,
  scorer: Scorer,
  steps: number,
): NonNullable<TuneOptions["validation"]> {
  return {
    every: Math.max(1, Math.ceil(steps / VALIDATIONS)),
    patience: settings.patience,
    measure: async (parameters) =>
      validationOf(valid, await scorer.score(parametrisation.toSlot(parameters), signal)),
  };
}

function optimiserOf({ settings, parametrisation, model }: TuningRun): Optimiser {
  const { headSize, hiddenSize } = model.architecture;
  const { slot, start } = parametrisation;
  const columns = slot.method === "prefix" ? headSize : hiddenSize;
  const decay = { weightDecay: settings.weightDecay, anchor: start };
  if (settings.optimizer === "adafactor") return adafactor(columns);
  if (settings.optimizer === "muon") return muon({ rows: slot.tokens, columns }, decay);
  return adamW(decay);
}

/** Progress with speed and time left, counted from the first step that this attempt made. */
function reporter(
  { progress, resume }: TuningRun,
  totalSteps: number,
  tokensPerStep: number,
): TuneOptions["onStep"] {
  const began = performance.now();
  const done = resume?.step ?? 0;
  return ({ step, trainLoss, valid }) => {
    const seconds = (performance.now() - began) / 1000;
    const perStep = seconds / Math.max(1, step - done);
    progress({
      phase: "tuning",
      step,
      total_steps: totalSteps,
      train_loss: Number.isFinite(trainLoss) ? trainLoss : null,
      ...(valid ? { valid_loss: valid.loss } : {}),
      tokens_per_second: tokensPerStep / perStep,
      seconds_left: perStep * (totalSteps - step),
    });
  };
}

/**
 * From this ratio of the most to the least frequent label on, rare labels are drawn more often. Drawing by anything but the
 * frequency moves the labels' prior, and at 7 (sms_spam) and 13 (trec) nothing was gained by it; see README.md.
 */
const SKEWED = 20;

/** Draws by the square root of a label's frequency where labels are skewed; undefined where all rows are alike. */
export function balance(answers: readonly number[]): number[] | undefined {
  const counts = new Map<number, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const all = [...counts.values()];
  if (all.length < 2 || Math.max(...all) < SKEWED * Math.min(...all)) return undefined;
  return answers.map((answer) => 1 / Math.sqrt(counts.get(answer) ?? 1));
}

const examplesOf = (valid: HeldOut) =>
  "labelled" in valid ? valid.labelled.map(({ example }) => example) : valid.text;
