import { createHash } from "node:crypto";
import {
  checkpointPromptId,
  jobKey,
  METRICS_FILE,
  promptFiles,
  promptKey,
  type Evaluation,
  type JobProgress,
  type LeasedJob,
  type TunedPrompt,
} from "../shared/contracts/job.ts";
import type { ModelManifest } from "../shared/contracts/model.ts";
import { InvalidDataError } from "../shared/errors.ts";
import { parseSafetensors } from "../shared/formats/safetensors.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import { loadBaseModel } from "./base-model.ts";
import { chooseSettings, type ChosenSettings } from "./choose-settings.ts";
import { readTrainingData, type TrainingData } from "./dataset.ts";
import { packedLength, type TokenizedExample } from "./model/training-batch.ts";
import { ShutdownError, type Train } from "./run-jobs.ts";
import { savePrompt, type SoftPrompt } from "./save-prompt.ts";
import { createCheckpointFiles } from "./tuning/checkpoint-files.ts";
import { evaluateHeldOut } from "./tuning/evaluate.ts";
import { metricsCsv } from "./tuning/metrics-csv.ts";
import { describe } from "./tuning/pilot.ts";
import type { Provider } from "./choose-providers.ts";
import { computePrefix, createScore, NOTHING, type TuningModel } from "./tuning/prompt-objective.ts";
import { runTuning, type TuningRun } from "./tuning/run-tuning.ts";
import { createSnapshots, metricsOf } from "./tuning/snapshots.ts";
import { lazily } from "./lazy-list.ts";
import { createStart } from "./tuning/start.ts";
import { splitValidation } from "./tuning/validation.ts";

export interface TrainOptions {
  readonly store: ObjectStore;
  /** Base models are kept here between jobs. */
  readonly workDirectory: string;
  /** 0 takes every core. */
  readonly threads: number;
  readonly providers?: readonly Provider[];
  /** For benchmarks: choices that no user is offered. */
  readonly overrides?: Partial<ChosenSettings>;
}

/** Makes the function that tunes one job, from the dataset in the bucket to the soft prompt in the bucket. */
export function createTrain({ store, workDirectory, threads, providers, overrides }: TrainOptions): Train {
  return async (job, report, signal, leaseToken = 0) => {
    const progress = progressReporter(report);
    progress({ phase: "preparing" });
    const base = await loadBaseModel(store, job.base_model, workDirectory);
    const { architecture, digest } = base.manifest;
    using data = await readTrainingData(store, job, base.tokenizer, workDirectory, signal);
    const chosen = { ...chooseSettings(job.settings, factsOf(data, base.manifest)), ...overrides };
    const bare: TuningModel = {
      architecture,
      weights: base.weights,
      tokensBefore: [],
      tokensAfter: data.sharedTokens,
      threads,
      providers,
    };
    const model = placed(bare, chosen);
    const { valid, train: rows } = splitValidation(data, chosen.validationRows, chosen.seed);
    const start = await createStart({ store, job, base, model, data, rows, settings: chosen });
    const { tokens } = start.parametrisation.slot;
    const learned = rows.filter((i) => !start.used.has(i));
    requireRoom(chosen, tokens, data, architecture.contextLength);

    signal.throwIfAborted();
    const began = performance.now();
    const fingerprint = fingerprintOf(job, digest, chosen);
    const checkpoints = createCheckpointFiles(store, job.id, leaseToken, fingerprint);
    const snapshots = createSnapshots();
    const run: TuningRun = {
      model,
      settings: chosen,
      parametrisation: start.parametrisation,
      examples: lazily(learned.length, (i) => withCandidates(data, learned[i] as number, chosen)),
      answers: data.answers && learned.map((i) => data.answers?.[i] ?? 0),
      valid,
      resume: await checkpoints.read(),
      progress,
      async onState(state, interrupted) {
        // Whoever lost the lease must not write any more; a machine that shuts down hands on what it has.
        if (signal.aborted && !(interrupted && signal.reason instanceof ShutdownError)) return;
        if (!interrupted) snapshots.take(state);
        await checkpoints.write(state);
      },
      signal,
    };
    const tuned = await runTuning(run);
    const tuningSeconds = (performance.now() - began) / 1000;
    const slotData = start.parametrisation.toSlot(tuned.parameters);

    progress({ phase: "evaluating", seconds_left: null });
    const heldOut = data.heldOut ?? valid;
    const scores = {
      base: createScore(bare, NOTHING),
      tuned: createScore(model, { slot: start.parametrisation.slot, data: slotData }),
      current: await currentScore(store, job, bare, digest),
    };
    const evaluation = heldOut && (await evaluateHeldOut(heldOut, scores, signal));

    progress({ phase: "uploading" });
    const isPrefix = chosen.method === "prefix_tuning";
    const ahead = isPrefix ? [] : model.tokensBefore;
    const prefixTokens = tokens + ahead.length;
    const softPrompt = async (slot: Float32Array, scored: Evaluation | null): Promise<SoftPrompt> => ({
      method: chosen.method,
      placement: chosen.placement,
      vectors: isPrefix ? null : slot,
      prefix: isPrefix
        ? slot
        : await computePrefix(model, prefixTokens, Float32Array.of(...base.embed(ahead), ...slot)),
      prefixTokens,
      initialText: job.settings.initial_text,
      evaluation: scored,
    });
    const tunedPrompt = await softPrompt(slotData, evaluation);
    signal.throwIfAborted();
    const csv = new TextEncoder().encode(metricsCsv(tuned.history));
    await store.put(jobKey(job.id, leaseToken, METRICS_FILE), csv);
    const files = await savePrompt(store, job, base.manifest, tunedPrompt);
    const kept: TunedPrompt["checkpoints"] = [];
    for (const { step, parameters, metrics } of snapshots.but(tuned.bestStep)) {
      const earlier = await softPrompt(start.parametrisation.toSlot(parameters), null);
      signal.throwIfAborted();
      const place = { ...job, prompt_id: checkpointPromptId(job.prompt_id, step) };
      kept.push({ step, metrics, files: await savePrompt(store, place, base.manifest, earlier) });
    }
    return {
      base_digest: digest,
      method: chosen.method,
      virtual_tokens: prefixTokens,
      placement: chosen.placement,
      chosen: {
        method: chosen.method,
        init: chosen.init,
        virtual_tokens: tokens,
        learning_rate: tuned.learningRate,
        epochs: chosen.epochs,
        batch_size: chosen.batchSize,
        reason: [chosen.reason, ...(tuned.trials.length > 0 ? [describe(tuned.trials)] : [])].join("; "),
        stopped: tuned.stopped,
        best_step: tuned.bestStep,
      },
      row_format: job.dataset.format,
      labels: data.labels === null ? null : [...data.labels],
      files,
      evaluation,
      steps: tuned.steps,
      trained_tokens: tuned.trainedTokens,
      tuning_seconds: tuningSeconds,
      metrics: metricsOf(tuned.history.find(({ step }) => step === tuned.bestStep)),
      checkpoints: kept,
    };
  };
}

function factsOf({ train, labels, sharedTokens }: TrainingData, { specialTokens }: ModelManifest) {
  let tokens = 0;
  for (const example of train) tokens += packedLength(example);
  return {
    rows: train.length,
    tokens,
    labels: labels && labels.length,
    // The edge leaves out no other: a model without one begins a row with whatever its text begins with.
    hasFirstToken: sharedTokens.length > 0 && sharedTokens[0] === specialTokens.beginning,
  };
}

/** Scores behind the soft prompt that serves now, where the job wants to be compared with one of the same base model. */
async function currentScore(store: ObjectStore, job: LeasedJob, bare: TuningModel, digest: string) {
  if (!job.current) return null;
  const { model, prompt_id: id } = job.current;
  const object = await store.get(promptKey(job.organization, id, promptFiles.prefix));
  if (!object) return null;
  const { tensors, metadata } = parseSafetensors(await object.bytesBody());
  const kv = tensors.get("kv");
  if (kv?.type !== "F32" || metadata["base_digest"] !== digest) return null;
  const slot = { method: "prefix", tokens: kv.shape[3] ?? 0 } as const;
  const tokensAfter = metadata["placement"] === "after_first" ? bare.tokensAfter.slice(1) : bare.tokensAfter;
  const data = new Float32Array(new Uint8Array(kv.bytes).buffer);
  return { model, score: createScore({ ...bare, tokensAfter }, { slot, data }) };
}

/** The model's tokens around the prompt; a prefix behind the first token holds that token itself. */
function placed(model: TuningModel, { method, placement }: ChosenSettings): TuningModel {
  if (placement === "front") return model;
  const [first, ...rest] = model.tokensAfter;
  const before = method === "prefix_tuning" || first === undefined ? [] : [first];
  return { ...model, tokensBefore: before, tokensAfter: rest };
}

/** The row with its label among the others, where they are told apart in training. */
function withCandidates(
  { train, answers, labelTokens }: TrainingData,
  index: number,
  { candidateShare }: ChosenSettings,
): TokenizedExample {
  const example = train.at(index) as TokenizedExample;
  if (candidateShare === 0 || !answers || !labelTokens) return example;
  const answer = answers[index] as number;
  const completions = labelTokens.map((label, k) => (k === answer ? label : label.slice(0, -1)));
  return { ...example, completions, answer };
}

/** A checkpoint is of use to the same rows, base model and settings only. */
function fingerprintOf({ dataset }: LeasedJob, digest: string, chosen: ChosenSettings): string {
  return createHash("sha256")
    .update(JSON.stringify([dataset.etag, digest, chosen]))
    .digest("hex");
}

function requireRoom(
  { virtualTokens }: ChosenSettings,
  tokens: number,
  data: TrainingData,
  contextLength: number,
): void {
  if (virtualTokens > contextLength / 2) {
    throw new InvalidDataError(
      `"virtual_tokens" is ${virtualTokens}, at most half the base model's context of ${contextLength} is allowed`,
      { code: "too_many_virtual_tokens", param: "virtual_tokens" },
    );
  }
  let longest = 0;
  for (const example of data.train) longest = Math.max(longest, packedLength(example));
  longest += tokens + data.sharedTokens.length;
  if (longest <= contextLength) return;
  throw new InvalidDataError(
    `The longest row takes ${longest} tokens with its soft prompt, the base model's context holds ${contextLength}`,
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
