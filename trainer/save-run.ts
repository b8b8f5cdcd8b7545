import {
  checkpointPromptId,
  type Evaluation,
  type LeasedJob,
  type TunedPrompt,
} from "../shared/contracts/job.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import type { BaseModel } from "./base-model.ts";
import type { PreparedTuning } from "./prepare-tuning.ts";
import { savePrompt } from "./save-prompt.ts";
import { computePrefixes } from "./tuning/prompt-objective.ts";
import type { Snapshot } from "./tuning/snapshots.ts";

/** What a run ended with: the slot's content and how it was found to serve. */
export interface RunResult {
  readonly slot: Float32Array;
  readonly evaluation: Evaluation | null;
}

export interface SavedRun extends Pick<TunedPrompt, "files"> {
  /** Positions that the prompt's keys and values take up. */
  readonly prefixTokens: number;
  readonly checkpoints: NonNullable<TunedPrompt["checkpoints"]>;
}

/** Uploads a run's soft prompt and those of its earlier validations. Throws what the signal was aborted with. */
export async function saveRun(
  store: ObjectStore,
  job: LeasedJob,
  base: BaseModel,
  { settings, model, parametrisation }: PreparedTuning,
  result: RunResult,
  snapshots: readonly Snapshot[],
  signal: AbortSignal,
): Promise<SavedRun> {
  const isPrefix = settings.method === "prefix_tuning";
  const slots = [result.slot, ...snapshots.map(({ parameters }) => parametrisation.toSlot(parameters))];
  const ahead = isPrefix ? [] : model.tokensBefore;
  const prefixTokens = parametrisation.slot.tokens + ahead.length;
  const vectors = slots.map((slot) => Float32Array.of(...base.embed(ahead), ...slot));
  const prefixes = isPrefix ? slots : await computePrefixes(model, prefixTokens, vectors);
  const save = (index: number, id: string, evaluation: Evaluation | null) => {
    signal.throwIfAborted();
    return savePrompt(store, { ...job, prompt_id: id }, base.manifest, {
      method: settings.method,
      placement: settings.placement,
      vectors: isPrefix ? null : (slots[index] as Float32Array),
      prefix: prefixes[index] as Float32Array,
      prefixTokens,
      initialText: job.settings.initial_text,
      evaluation,
    });
  };
  const files = await save(0, job.prompt_id, result.evaluation);
  const checkpoints: SavedRun["checkpoints"] = [];
  for (const [i, { step, metrics }] of snapshots.entries())
    checkpoints.push({
      step,
      metrics,
      files: await save(i + 1, checkpointPromptId(job.prompt_id, step), null),
    });
  return { prefixTokens, files, checkpoints };
}
