import type { Architecture } from "../../shared/contracts/model.ts";
import { packBatch, type TokenizedExample } from "../model/training-batch.ts";
import {
  evaluationGraph,
  trainingGraph,
  type BatchLayout,
  type SoftPromptSlot,
} from "../model/training-graph.ts";
import { prefixGraph } from "../model/prefix-graph.ts";
import { createSession, type GraphSession, type Tensors } from "../onnx/session.ts";
import type { WeightFile } from "../onnx/weight-file.ts";
import type { CompletionScore, Objective, Score } from "./objective.ts";
import { planScoring } from "./plan-batches.ts";

/** The model that prompts are tuned for, and the tokens that begin every example right behind the prompt. */
export interface TuningModel {
  readonly architecture: Architecture;
  readonly weights: WeightFile;
  readonly sharedTokens: readonly number[];
  /** 0 takes every core. */
  readonly threads: number;
}

/** Examples scored at once: enough to keep the cores busy, little enough to keep memory low. */
const SCORING_BATCH = 16;

/** Loss and gradient of prompt vectors over batches of one layout. Close it to free the session. */
export async function createPromptObjective(
  model: TuningModel,
  virtualTokens: number,
  layout: BatchLayout,
): Promise<Objective & { close(): Promise<void> }> {
  const slot = { method: "prompt", tokens: virtualTokens } as const;
  const session = await open(model, trainingGraph(model.architecture, model.weights, layout, slot));
  const shared = virtualTokens + model.sharedTokens.length;
  return {
    tokensPerStep: shared + layout.batch * layout.length,
    async gradient(parameters, batch) {
      const { feeds } = packBatch(batch, layout, shared);
      const { loss, gradient } = await session.run({ ...feeds, ...sharedFeeds(model, parameters) }, ["loss", "gradient"]);
      return { loss: Number(loss?.[0]), gradient: gradient as Float32Array };
    },
    close: () => session.close(),
  };
}

/** Scores examples behind a prompt, or behind the bare model where it is null; builds and frees its session by itself. */
export function createScore(model: TuningModel, prompt: { tokens: number; vectors: Float32Array } | null): Score {
  return async (examples, signal) => {
    const { layout, steps } = planScoring(examples, SCORING_BATCH, model.sharedTokens.length);
    const slot: SoftPromptSlot = prompt ? { method: "prompt", tokens: prompt.tokens } : { method: "none" };
    const session = await open(model, evaluationGraph(model.architecture, model.weights, layout, slot));
    try {
      const scores: CompletionScore[][] = [];
      for (const step of steps) {
        signal?.throwIfAborted();
        const batch = step.map((i) => examples[i] as TokenizedExample);
        const { feeds, slots } = packBatch(batch, layout, (prompt?.tokens ?? 0) + model.sharedTokens.length);
        const outputs = await session.run({ ...feeds, ...sharedFeeds(model, prompt?.vectors) });
        const score = completionScorer(feeds, outputs);
        scores.push(...slots.map(({ completions }) => completions.map(score)));
      }
      return scores;
    } finally {
      await session.close();
    }
  };
}

/** Keys and values that the vectors leave in the cache, `[layers, 2, kvHeads, tokens, headSize]`. */
export async function computePrefix(model: TuningModel, tokens: number, vectors: Float32Array): Promise<Float32Array> {
  const session = await open(model, prefixGraph(model.architecture, model.weights, tokens));
  try {
    const { kv } = await session.run({ soft_prompt: vectors });
    return kv as Float32Array;
  } finally {
    await session.close();
  }
}

function open(model: TuningModel, graph: Parameters<typeof createSession>[0]): Promise<GraphSession> {
  return createSession(graph, {
    folder: model.weights.folder,
    ...(model.threads === 0 ? {} : { threads: model.threads }),
  });
}

function sharedFeeds({ sharedTokens }: TuningModel, vectors: Float32Array | undefined): Tensors {
  return {
    ...(vectors ? { soft_prompt: vectors } : {}),
    ...(sharedTokens.length > 0 ? { ids_after: Int32Array.from(sharedTokens) } : {}),
  };
}

function completionScorer(feeds: Tensors, { log_probabilities, predictions }: Tensors) {
  return (slots: readonly number[]): CompletionScore => ({
    logProbabilities: slots.map((slot) => Number(log_probabilities?.[slot])),
    correct: slots.filter((slot) => Number(predictions?.[slot]) === Number(feeds["label_ids"]?.[slot])).length,
  });
}
