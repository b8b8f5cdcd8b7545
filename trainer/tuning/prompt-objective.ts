import type { Architecture } from "../../shared/contracts/model.ts";
import { packBatch, type TokenizedExample } from "../model/training-batch.ts";
import {
  evaluationGraph,
  trainingGraph,
  type BatchLayout,
  type SoftPromptSlot,
} from "../model/training-graph.ts";
import { prefixGraph } from "../model/prefix-graph.ts";
import type { Provider } from "../choose-providers.ts";
import {
  createSession,
  type GraphSession,
  type Precision,
  type TensorData,
  type Tensors,
} from "../onnx/session.ts";
import type { WeightFile } from "../onnx/weight-file.ts";
import { createLossScaling } from "./loss-scaling.ts";
import type { CompletionScore, Objective, Score } from "./objective.ts";
import type { Parametrisation } from "./parametrisation.ts";
import { planScoring } from "./plan-batches.ts";

/** The model that prompts are tuned for, and the tokens that begin every example around the prompt. */
export interface TuningModel {
  readonly architecture: Architecture;
  readonly weights: WeightFile;
  /** Tokens in front of the prompt's vectors, and behind the prompt; both are part of every example. */
  readonly tokensBefore: readonly number[];
  readonly tokensAfter: readonly number[];
  /** 0 takes every core. */
  readonly threads: number;
  /** Where graphs run; the CPU by default. */
  readonly providers?: readonly Provider[] | undefined;
  /** Of matrix products in training; what scores and what is kept is always float32. */
  readonly precision?: Precision | undefined;
}

/** What stands in the slot of a graph. */
export type SlotContent =
  | { readonly slot: Exclude<SoftPromptSlot, { method: "none" }>; readonly data: Float32Array }
  | { readonly slot: { readonly method: "none" }; readonly data?: undefined };

/** The base model without any soft prompt. */
export const NOTHING: SlotContent = { slot: { method: "none" } };

/** Examples scored at once: enough to keep the cores busy, little enough to keep memory low. */
const SCORING_BATCH = 16;

/** Loss and gradient of a method's parameters over batches of one layout. Close it to free the session. */
export async function createPromptObjective(
  model: TuningModel,
  parametrisation: Parametrisation,
  layout: BatchLayout,
): Promise<Objective & { close(): Promise<void> }> {
  const { slot } = parametrisation;
  const sized = withShared(model, layout);
  const graph = trainingGraph(model.architecture, model.weights, sized, slot);
  const session = await open(model, graph, model.precision);
  const scaling = createLossScaling(model.precision);
  const shared = sharedRows(model, slot);
  return {
    tokensPerStep: shared + layout.batch * layout.length,
    async gradient(parameters, batch) {
      const { feeds, learned, inputs } = packBatch(batch, sized, shared);
      const prompt = sharedFeeds(model, parametrisation.toSlot(parameters));
      const { loss, gradient, predictions, log_probabilities } = await scaling.run(feeds, (scaled) =>
        session.run({ ...scaled, ...prompt }),
      );
      // What the input targets add is no part of what is reported: validation has none of it.
      const ofInputs = inputs.reduce(
        (sum, i) => sum + Number(feeds["label_weights"]?.[i]) * Number(log_probabilities?.[i]),
        0,
      );
      const correct = learned.filter(isPredicted(feeds, predictions));
      return {
        loss: Number(loss?.[0]) + ofInputs,
        gradient: parametrisation.pullBack(parameters, gradient as Float32Array),
        tokenAccuracy: correct.length / learned.length,
      };
    },
    close: () => session.close(),
  };
}

/** Scores always the same examples behind changing prompts of one slot. Close it to free the session. */
export interface Scorer {
  score(data: Float32Array | undefined, signal?: AbortSignal): Promise<CompletionScore[][]>;
  close(): Promise<void>;
}

export async function createScorer(
  model: TuningModel,
  slot: SoftPromptSlot,
  examples: readonly TokenizedExample[],
): Promise<Scorer> {
  const { layout: planned, steps } = planScoring(examples, SCORING_BATCH);
  const layout = withShared(model, planned);
  const session = await open(model, evaluationGraph(model.architecture, model.weights, layout, slot));
  const shared = sharedRows(model, slot);
  return {
    async score(data, signal) {
      const scores: CompletionScore[][] = [];
      for (const step of steps) {
        signal?.throwIfAborted();
        const batch = step.map((i) => examples[i] as TokenizedExample);
        const { feeds, slots } = packBatch(batch, layout, shared);
        const outputs = await session.run({ ...feeds, ...sharedFeeds(model, data) });
        const score = completionScorer(feeds, outputs);
        scores.push(...slots.map(({ completions }) => completions.map(score)));
      }
      return scores;
    },
    close: () => session.close(),
  };
}

/** Scores examples behind a prompt or nothing; builds and frees its session by itself. */
export function createScore(model: TuningModel, { slot, data }: SlotContent): Score {
  return async (examples, signal) => {
    const scorer = await createScorer(model, slot, examples);
    try {
      return await scorer.score(data, signal);
    } finally {
      await scorer.close();
    }
  };
}

/** Keys and values that each prompt's vectors leave in the cache, `[layers, 2, kvHeads, tokens, headSize]`. */
export async function computePrefixes(
  model: TuningModel,
  tokens: number,
  prompts: readonly Float32Array[],
): Promise<Float32Array[]> {
  const session = await open(model, prefixGraph(model.architecture, model.weights, tokens));
  try {
    const prefixes: Float32Array[] = [];
    for (const vectors of prompts) {
      const { kv } = await session.run({ soft_prompt: vectors });
      prefixes.push(kv as Float32Array);
    }
    return prefixes;
  } finally {
    await session.close();
  }
}

function open(
  model: TuningModel,
  graph: Parameters<typeof createSession>[0],
  precision: Precision = "float32",
): Promise<GraphSession> {
  return createSession(graph, {
    precision,
    folder: model.weights.folder,
    ...(model.threads === 0 ? {} : { threads: model.threads }),
    ...(model.providers === undefined ? {} : { providers: model.providers }),
  });
}

const withShared = ({ tokensBefore, tokensAfter }: TuningModel, layout: BatchLayout): BatchLayout => ({
  ...layout,
  sharedBefore: tokensBefore.length,
  sharedAfter: tokensAfter.length,
});

/** Rows that stand before the batch's: a prefix of keys and values takes none. */
function sharedRows({ tokensBefore, tokensAfter }: TuningModel, slot: SoftPromptSlot): number {
  return tokensBefore.length + (slot.method === "prompt" ? slot.tokens : 0) + tokensAfter.length;
}

function sharedFeeds({ tokensBefore, tokensAfter }: TuningModel, data: Float32Array | undefined): Tensors {
  return {
    ...(data ? { soft_prompt: data } : {}),
    ...(tokensBefore.length > 0 ? { ids_before: Int32Array.from(tokensBefore) } : {}),
    ...(tokensAfter.length > 0 ? { ids_after: Int32Array.from(tokensAfter) } : {}),
  };
}

function completionScorer(feeds: Tensors, { log_probabilities, predictions }: Tensors) {
  return (slots: readonly number[]): CompletionScore => ({
    logProbabilities: slots.map((slot) => Number(log_probabilities?.[slot])),
    correct: slots.filter(isPredicted(feeds, predictions)).length,
  });
}

/** Whether a slot's label is the most probable token there. Predictions are int64. */
const isPredicted = (feeds: Tensors, predictions: TensorData | undefined) => (slot: number) =>
  Number(predictions?.[slot]) === Number(feeds["label_ids"]?.[slot]);
