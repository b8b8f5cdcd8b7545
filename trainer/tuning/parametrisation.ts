import type { Architecture } from "../../shared/contracts/model.ts";
import type { SoftPromptSlot } from "../model/training-graph.ts";

/** What a method tunes, and where its result goes in. */
export type TunedSlot = Exclude<SoftPromptSlot, { method: "none" }>;

/** How the trained parameters (flat) make up what the graph's slot takes. */
export interface Parametrisation {
  readonly slot: TunedSlot;
  readonly start: Float32Array;
  /** The slot's content: `[tokens, hidden]` for vectors, `[layers, 2, kvHeads, tokens, headSize]` for a prefix. */
  toSlot(parameters: Float32Array): Float32Array;
  /** Gradient with respect to the parameters, given that with respect to the slot's content. */
  pullBack(parameters: Float32Array, slotGradient: Float32Array): Float32Array;
}

/** Vectors tuned as they are (prompt tuning; Lester et al. 2021, arXiv 2104.08691). `start` is `[tokens, hidden]`. */
export function promptParameters(tokens: number, start: Float32Array): Parametrisation {
  return {
    slot: { method: "prompt", tokens },
    start,
    toSlot: (parameters) => parameters,
    pullBack: (_, gradient) => gradient,
  };
}

/**
 * The same without its first vector, of `width` numbers, which stays as it starts: that of the model's first token, where
 * models park attention (arXiv 2309.17453). Parameters must begin with the vectors.
 */
export function withFirstFrozen(parametrisation: Parametrisation, width: number): Parametrisation {
  const first = parametrisation.start.slice(0, width);
  return {
    ...parametrisation,
    toSlot(parameters) {
      const vectors = parametrisation.toSlot(parameters).slice();
      vectors.set(first);
      return vectors;
    },
    pullBack(parameters, gradient) {
      const masked = gradient.slice();
      masked.fill(0, 0, width);
      return parametrisation.pullBack(parameters, masked);
    },
  };
}

/**
 * Keys and values of every layer tuned as they are (prefix tuning without its MLP: P-tuning v2, arXiv 2110.07602),
 * started from those of real text, `[layers, 2, kvHeads, tokens, headSize]`. The first position stays frozen, as with
 * vectors: moving it moves every head at once.
 */
export function prefixParameters(
  { layers, kvHeads, headSize }: Architecture,
  tokens: number,
  start: Float32Array,
): Parametrisation {
  const heads = layers * 2 * kvHeads;
  return {
    slot: { method: "prefix", tokens },
    start,
    toSlot: (parameters) => parameters,
    pullBack(_, gradient) {
      const masked = gradient.slice();
      for (let head = 0; head < heads; head++) {
        const first = head * tokens * headSize;
        masked.fill(0, first, first + headSize);
      }
      return masked;
    },
  };
}
