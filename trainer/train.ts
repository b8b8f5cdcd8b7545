import type { Evaluation, JobProgress } from "../shared/contracts/job.ts";
import { InvalidDataError } from "../shared/errors.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import { loadBaseModel } from "./base-model.ts";
import { chooseSettings } from "./choose-settings.ts";
import { readTrainingData, type HeldOut } from "./dataset.ts";
import { packedLength, type TokenizedExample } from "./model/training-batch.ts";
import type { Train } from "./run-jobs.ts";
import { savePrompt } from "./save-prompt.ts";
import { majorityShare, scoreLabels, scoreText } from "./tuning/evaluate.ts";
import { initialTokens } from "./tuning/initial-prompt.ts";
import type { Score } from "./tuning/objective.ts";
import { planBatches } from "./tuning/plan-batches.ts";
import {
  computePrefix,
  createPromptObjective,
  createScore,
  type TuningModel,
} from "./tuning/prompt-objective.ts";
import { tune } from "./tuning/tune.ts";

export interface TrainOptions {
  readonly store: ObjectStore;
  /** Base models are kept here between jobs. */
  readonly workDirectory: string;
  /** 0 takes every core. */
  readonly threads: number;
}

/** Makes the function that tunes one job, from the dataset in the bucket to the soft prompt in the bucket. */
export function createTrain({ store, workDirectory, threads }: TrainOptions): Train {
  return async (job, report, signal) => {
    const progress = progressReporter(report);
    progress({ phase: "preparing" });
    const base = await loadBaseModel(store, job.base_model, workDirectory);
    const { architecture, digest } = base.manifest;
    const data = await readTrainingData(store, job, base.tokenizer);
    const tokens = data.train.reduce((sum, example) => sum + packedLength(example), 0);
    const settings = chooseSettings(job.settings, data.train.length, tokens);
    const { virtualTokens } = settings;
    const model: TuningModel = {
      architecture,
      weights: base.weights,
      sharedTokens: data.sharedTokens,
      threads,
    };
    const plan = planBatches(data.train, { ...settings, sharedAfter: data.sharedTokens.length });
    requireRoom(virtualTokens + data.sharedTokens.length + plan.layout.length, architecture.contextLength);

    signal.throwIfAborted();
    const began = performance.now();
    const objective = await createPromptObjective(model, virtualTokens, plan.layout);
    const { initial_text: initialText, seed } = job.settings;
    const text = initialText === undefined ? undefined : base.tokenizer.encode(initialText);
    const start = base.embed(initialTokens(data.train, virtualTokens, { text, seed }));
    const batches = plan.steps.map((step) => step.map((i) => data.train[i] as TokenizedExample));
    let vectors: Float32Array;
    try {
      vectors = await tune(
        objective,
        start,
        batches,
        settings.learningRate,
        ({ step, totalSteps, loss, tokensPerSecond, secondsLeft }) =>
          progress({
            phase: "tuning",
            step,
            total_steps: totalSteps,
            train_loss: loss,
            tokens_per_second: tokensPerSecond,
            seconds_left: secondsLeft,
          }),
        signal,
      );
    } finally {
      await objective.close();
    }
    const tuningSeconds = (performance.now() - began) / 1000;

    progress({ phase: "evaluating", seconds_left: null });
    const evaluation =
      data.heldOut &&
      (await evaluate(
        data.heldOut,
        createScore(model, null),
        createScore(model, { tokens: virtualTokens, vectors }),
        signal,
      ));

    progress({ phase: "uploading" });
    const prefix = await computePrefix(model, virtualTokens, vectors);
    signal.throwIfAborted();
    const files = await savePrompt(store, job, base.manifest, {
      virtualTokens,
      vectors,
      prefix,
      initialText,
      evaluation,
    });
    return {
      base_digest: digest,
      method: "prompt_tuning",
      virtual_tokens: virtualTokens,
      row_format: job.dataset.format,
      labels: data.labels === null ? null : [...data.labels],
      files,
      evaluation,
      steps: batches.length,
      trained_tokens: batches.length * objective.tokensPerStep,
      tuning_seconds: tuningSeconds,
    };
  };
}

async function evaluate(
  heldOut: HeldOut,
  base: Score,
  tuned: Score,
  signal: AbortSignal,
): Promise<Evaluation> {
  if ("text" in heldOut) {
    return {
      split: heldOut.split,
      rows: heldOut.text.length,
      majority_share: null,
      base: await scoreText(base, heldOut.text, signal),
      tuned: await scoreText(tuned, heldOut.text, signal),
    };
  }
  const { predictions: _base, ...baseScores } = await scoreLabels(base, heldOut.labelled, signal);
  const { predictions: _tuned, ...tunedScores } = await scoreLabels(tuned, heldOut.labelled, signal);
  return {
    split: heldOut.split,
    rows: heldOut.labelled.length,
    majority_share: majorityShare(heldOut.labelled),
    base: baseScores,
    tuned: tunedScores,
  };
}

function requireRoom(tokens: number, contextLength: number): void {
  if (tokens <= contextLength) return;
  throw new InvalidDataError(
    `The longest row takes ${tokens} tokens with its soft prompt, the base model's context holds ${contextLength}`,
    { code: "too_long", param: "virtual_tokens" },
  );
}

/** Progress builds up: what a phase does not say stays as it was. */
function progressReporter(report: (progress: JobProgress) => void) {
  let latest: JobProgress = {
    phase: "preparing",
    step: 0,
    total_steps: 0,
    train_loss: null,
    valid_loss: null,
    tokens_per_second: null,
    seconds_left: null,
  };
  return (change: Partial<JobProgress>) => report((latest = { ...latest, ...change }));
}
