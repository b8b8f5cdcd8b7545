import type { Architecture } from "../../shared/contracts/model.ts";
import { rotaryFrequencies } from "../../shared/inference/rotary-frequencies.ts";

/** Weight names and shapes follow Hugging Face's Llama checkpoints: `[out, in]` matrices, rotate-half RoPE. */
export const EMBEDDING_WEIGHT = "model.embed_tokens.weight";
export const HEAD_WEIGHT = "lm_head.weight";
export const FINAL_NORM_WEIGHT = "model.norm.weight";

/** One linear map of the model: `x W^T`, plus a bias where the architecture has one. */
export interface Projection {
  readonly weight: string;
  readonly bias?: string;
}

export interface LayerWeights {
  readonly inputNorm: string;
  readonly query: Projection;
  readonly key: Projection;
  readonly value: Projection;
  /** Per-head norms, only with `queryKeyNorm`. */
  readonly queryNorm: string;
  readonly keyNorm: string;
  readonly output: Projection;
  readonly postAttentionNorm: string;
  readonly gate: Projection;
  readonly up: Projection;
  readonly down: Projection;
}

/** Names of the weights of one layer, counted from 0. */
export function layerWeights(architecture: Architecture, layer: number): LayerWeights {
  const prefix = `model.layers.${layer}`;
  const withBias = (name: string): Projection => {
    const projection = { weight: `${prefix}.self_attn.${name}.weight` };
    return architecture.attentionBias
      ? { ...projection, bias: `${prefix}.self_attn.${name}.bias` }
      : projection;
  };
  return {
    inputNorm: `${prefix}.input_layernorm.weight`,
    query: withBias("q_proj"),
    key: withBias("k_proj"),
    value: withBias("v_proj"),
    queryNorm: `${prefix}.self_attn.q_norm.weight`,
    keyNorm: `${prefix}.self_attn.k_norm.weight`,
    output: { weight: `${prefix}.self_attn.o_proj.weight` },
    postAttentionNorm: `${prefix}.post_attention_layernorm.weight`,
    gate: { weight: `${prefix}.mlp.gate_proj.weight` },
    up: { weight: `${prefix}.mlp.up_proj.weight` },
    down: { weight: `${prefix}.mlp.down_proj.weight` },
  };
}

export const isValueProjection = (weight: string): boolean => weight.endsWith(".self_attn.v_proj.weight");

/** The vocabulary projection: the embedding matrix itself where embeddings are tied. */
export function headProjection(architecture: Architecture): Projection {
  return { weight: architecture.tiedEmbeddings ? EMBEDDING_WEIGHT : HEAD_WEIGHT };
}

/** Every weight of the model with its shape, in the order of a forward pass. */
export function weightShapes(architecture: Architecture): Map<string, readonly number[]> {
  const { hiddenSize, headSize, intermediateSize, vocabularySize } = architecture;
  const queryWidth = architecture.heads * headSize;
  const keyWidth = architecture.kvHeads * headSize;
  const shapes = new Map<string, readonly number[]>([[EMBEDDING_WEIGHT, [vocabularySize, hiddenSize]]]);
  const add = ({ weight, bias }: Projection, outputs: number, inputs: number) => {
    shapes.set(weight, [outputs, inputs]);
    if (bias !== undefined) shapes.set(bias, [outputs]);
  };
  for (let layer = 0; layer < architecture.layers; layer++) {
    const names = layerWeights(architecture, layer);
    shapes.set(names.inputNorm, [hiddenSize]);
    add(names.query, queryWidth, hiddenSize);
    add(names.key, keyWidth, hiddenSize);
    add(names.value, keyWidth, hiddenSize);
    if (architecture.queryKeyNorm) shapes.set(names.queryNorm, [headSize]).set(names.keyNorm, [headSize]);
    add(names.output, hiddenSize, queryWidth);
    shapes.set(names.postAttentionNorm, [hiddenSize]);
    add(names.gate, intermediateSize, hiddenSize);
    add(names.up, intermediateSize, hiddenSize);
    add(names.down, hiddenSize, intermediateSize);
  }
  shapes.set(FINAL_NORM_WEIGHT, [hiddenSize]);
  if (!architecture.tiedEmbeddings)
    shapes.set(headProjection(architecture).weight, [vocabularySize, hiddenSize]);
  return shapes;
}

/** Number of weights, tied ones counted once. */
export function parameterCount(architecture: Architecture): number {
  let count = 0;
  for (const shape of weightShapes(architecture).values())
    count += shape.reduce((product, size) => product * size, 1);
  return count;
}

/**
 * Cosines and sines of the rotary position embedding for positions 0 up to `positions`, each
 * `[positions, headSize / 2]`.
 */
export function rotaryTables(
  architecture: Architecture,
  positions: number,
): { cos: Float32Array; sin: Float32Array } {
  const frequencies = rotaryFrequencies(architecture);
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (const [pair, frequency] of frequencies.entries()) {
      cos[position * half + pair] = Math.cos(position * frequency);
      sin[position * half + pair] = Math.sin(position * frequency);
    }
  }
  return { cos, sin };
}
