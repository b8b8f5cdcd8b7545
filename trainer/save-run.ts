import {
  checkpointPromptId,
  type Evaluation,
  type LeasedJob,
  type StepMetrics,
  type TunedPrompt,
} from "../shared/contracts/job.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import type { BaseModel } from "./base-model.ts";
import type { PreparedTuning } from "./prepare-tuning.ts";
import { savePrompt } from "./save-prompt.ts";
import { computePrefixes } from "./tuning/prompt-objective.ts";
import type { Tuned } from "./tuning/tune.ts";

export interface FinishedRun {
  readonly store: ObjectStore;
  readonly job: LeasedJob;
  readonly base: BaseModel;
  readonly prepared: PreparedTuning;
  readonly tuned: Tuned;
  /** Of the prompt that the run ended with. */
  readonly evaluation: Evaluation | null;
  readonly signal: AbortSignal;
}

export interface SavedRun extends Pick<TunedPrompt, "files"> {
  /** Positions that the prompt's keys and values take up. */
  readonly prefixTokens: number;
  readonly checkpoints: NonNullable<TunedPrompt["checkpoints"]>;
}

/** Uploads a run's soft prompt and those of its earlier validations. Throws what the signal was aborted with. */
export async function saveRun(run: FinishedRun): Promise<SavedRun> {
  const { store, job, base, tuned, evaluation, signal } = run;
  const { settings, model, parametrisation } = run.prepared;
  const isPrefix = settings.method === "prefix_tuning";
  const slots = [tuned, ...tuned.earlier].map(({ parameters }) => parametrisation.toSlot(parameters));
  const ahead = isPrefix ? [] : model.tokensBefore;
  const prefixTokens = parametrisation.slot.tokens + ahead.length;
  const embedded = base.embed(ahead);
  const behindFirst = (vectors: Float32Array) => {
    const whole = new Float32Array(embedded.length + vectors.length);
    whole.set(embedded);
    whole.set(vectors, embedded.length);
    return whole;
  };
  const prefixes = isPrefix ? slots : await computePrefixes(model, prefixTokens, slots.map(behindFirst));
  const save = (index: number, id: string, scored: Evaluation | null) => {
    signal.throwIfAborted();
    return savePrompt(store, { ...job, prompt_id: id }, base.manifest, {
      method: settings.method,
      placement: settings.placement,
      vectors: isPrefix ? null : (slots[index] as Float32Array),
      prefix: prefixes[index] as Float32Array,
      prefixTokens,
      initialText: job.settings.initial_text,
      evaluation: scored,
    });
  };
  const files = await save(0, job.prompt_id, evaluation);
  const checkpoints: SavedRun["checkpoints"] = [];
  for (const [i, { step }] of tuned.earlier.entries()) {
    const id = checkpointPromptId(job.prompt_id, step);
    checkpoints.push({ step, metrics: metricsOf(tuned, step), files: await save(i + 1, id, null) });
  }
  return { prefixTokens, files, checkpoints };
}

/** A step's figures as the API shows them. */
export function metricsOf({ history }: Tuned, step: number): StepMetrics {
  const { trainLoss, valid } = history.find((one) => one.step === step) ?? {};
  return {
    train_loss: trainLoss ?? null,
    valid_loss: valid?.loss ?? null,
    valid_token_accuracy: valid?.tokenAccuracy ?? null,
  };
}
