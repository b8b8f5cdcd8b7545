import { createHash } from "node:crypto";
import {
  jobKey,
  METRICS_FILE,
  promptFiles,
  promptKey,
  type JobProgress,
  type LeasedJob,
} from "../shared/contracts/job.ts";
import { parseSafetensors } from "../shared/formats/safetensors.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import { loadBaseModel } from "./base-model.ts";
import type { ChosenSettings } from "./choose-settings.ts";
import { readTrainingData } from "./dataset.ts";
import { prepareTuning, type PrepareOptions } from "./prepare-tuning.ts";
import { ShutdownError, type Train } from "./run-jobs.ts";
import { metricsOf, saveRun } from "./save-run.ts";
import { createCheckpointFiles } from "./tuning/checkpoint-files.ts";
import { evaluateHeldOut } from "./tuning/evaluate.ts";
import { metricsCsv } from "./tuning/metrics-csv.ts";
import { describe } from "./tuning/pilot.ts";
import { createScore, NOTHING, type TuningModel } from "./tuning/prompt-objective.ts";
import { runTuning } from "./tuning/run-tuning.ts";

export interface TrainOptions extends PrepareOptions {
  /** Base models are kept here between jobs. */
  readonly workDirectory: string;
}

/** Makes the function that tunes one job, from the dataset in the bucket to the soft prompt in the bucket. */
export function createTrain({ workDirectory, ...options }: TrainOptions): Train {
  const { store } = options;
  return async (job, report, signal, leaseToken = 0) => {
    const progress = progressReporter(report);
    progress({ phase: "preparing" });
    const base = await loadBaseModel(store, job.base_model, workDirectory);
    const { digest } = base.manifest;
    using data = await readTrainingData(store, job, base.tokenizer, workDirectory, signal);
    const prepared = await prepareTuning(options, job, base, data);
    const { settings, bare, model, parametrisation, valid } = prepared;

    signal.throwIfAborted();
    const began = performance.now();
    const checkpoints = createCheckpointFiles(
      store,
      job.id,
      leaseToken,
      fingerprintOf(job, digest, settings),
    );
    const tuned = await runTuning({
      ...prepared,
      resume: await checkpoints.read(),
      progress,
      async onState(state, interrupted) {
        // Whoever lost the lease must not write any more; a machine that shuts down hands on what it has.
        if (signal.aborted && !(interrupted && signal.reason instanceof ShutdownError)) return;
        await checkpoints.write(state);
      },
      signal,
    });
    const tuningSeconds = (performance.now() - began) / 1000;
    const slotData = parametrisation.toSlot(tuned.parameters);

    progress({ phase: "evaluating", seconds_left: null });
    const heldOut = data.heldOut ?? valid;
    const scores = {
      base: createScore(bare, NOTHING),
      tuned: createScore(model, { slot: parametrisation.slot, data: slotData }),
      current: await currentScore(store, job, bare, digest),
    };
    const evaluation = heldOut && (await evaluateHeldOut(heldOut, scores, signal));

    progress({ phase: "uploading" });
    signal.throwIfAborted();
    const csv = new TextEncoder().encode(metricsCsv(tuned.history));
    await store.put(jobKey(job.id, leaseToken, METRICS_FILE), csv);
    const saved = await saveRun({ store, job, base, prepared, tuned, evaluation, signal });
    return {
      base_digest: digest,
      method: settings.method,
      virtual_tokens: saved.prefixTokens,
      placement: settings.placement,
      chosen: {
        method: settings.method,
        init: settings.init,
        virtual_tokens: parametrisation.slot.tokens,
        learning_rate: tuned.learningRate,
        epochs: settings.epochs,
        batch_size: settings.batchSize,
        optimizer: settings.optimizer,
        reason: [settings.reason, ...(tuned.trials.length > 0 ? [describe(tuned.trials)] : [])].join("; "),
        stopped: tuned.stopped,
        best_step: tuned.bestStep,
      },
      row_format: job.dataset.format,
      labels: data.labels === null ? null : [...data.labels],
      files: saved.files,
      evaluation,
      steps: tuned.steps,
      trained_tokens: tuned.trainedTokens,
      tuning_seconds: tuningSeconds,
      metrics: metricsOf(tuned, tuned.bestStep),
      checkpoints: saved.checkpoints,
    };
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

/** A checkpoint is of use to the same rows, base model and settings only. */
function fingerprintOf({ dataset }: LeasedJob, digest: string, chosen: ChosenSettings): string {
  return createHash("sha256")
    .update(JSON.stringify([dataset.etag, digest, chosen]))
    .digest("hex");
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
