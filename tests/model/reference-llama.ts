import type { Architecture } from "../../shared/contracts/model.ts";

/** Weights by Hugging Face name, matrices `[out, in]`. */
export type ReferenceWeights = ReadonlyMap<string, ArrayLike<number>>;

type Matrix = Float64Array[];

/**
 * A Llama forward pass written down plainly, in float64, one loop per formula: the oracle of the graphs.
 *
 * @param x rows of embeddings `[tokens][hidden]`, soft-prompt vectors first
 * @returns logits `[tokens][vocabulary]`
 */
export function referenceLogits(
  architecture: Architecture,
  weights: ReferenceWeights,
  x: readonly ArrayLike<number>[],
): Matrix {
  const { layers, heads, kvHeads, headSize, tiedEmbeddings, attentionBias, queryKeyNorm } = architecture;
  const weight = (name: string) => {
    const values = weights.get(name);
    if (!values) throw new Error(`No weight "${name}"`);
    return values;
  };
  let residual = x.map((row) => Float64Array.from(row));
  for (let layer = 0; layer < layers; layer++) {
    const at = (name: string) => weight(`model.layers.${layer}.${name}`);
    const normed = residual.map((row) => norm(row, at("input_layernorm.weight"), architecture.normEpsilon));
    const project = (name: string, count: number, normName?: string): Matrix[] =>
      normed.map((row) => {
        const flat = multiply(row, at(`self_attn.${name}.weight`));
        if (attentionBias)
          flat.forEach((value, i) => (flat[i] = value + (at(`self_attn.${name}.bias`)[i] as number)));
        return Array.from({ length: count }, (_, head) => {
          const part = flat.slice(head * headSize, (head + 1) * headSize);
          return queryKeyNorm && normName
            ? norm(part, at(`self_attn.${normName}.weight`), architecture.normEpsilon)
            : part;
        });
      });
    const rotateAll = (rows: Matrix[]) =>
      rows.map((row, position) => row.map((head) => rotate(head, position, architecture)));
    const queries = rotateAll(project("q_proj", heads, "q_norm"));
    const keys = rotateAll(project("k_proj", kvHeads, "k_norm"));
    const values = project("v_proj", kvHeads);
    residual = residual.map((row, position) => {
      const attended = new Float64Array(heads * headSize);
      for (let head = 0; head < heads; head++) {
        const kvHead = Math.floor(head / (heads / kvHeads));
        const query = queries[position]?.[head] as Float64Array;
        const scores = keys
          .slice(0, position + 1)
          .map((key) => dot(query, key[kvHead] as Float64Array) / Math.sqrt(headSize));
        softmax(scores).forEach((share, other) => {
          const value = values[other]?.[kvHead] as Float64Array;
          value.forEach(
            (component, i) =>
              (attended[head * headSize + i] = (attended[head * headSize + i] as number) + share * component),
          );
        });
      }
      const middle = add(row, multiply(attended, at("self_attn.o_proj.weight")));
      const hidden = norm(middle, at("post_attention_layernorm.weight"), architecture.normEpsilon);
      const gate = multiply(hidden, at("mlp.gate_proj.weight"));
      const up = multiply(hidden, at("mlp.up_proj.weight"));
      const active = gate.map((value, i) => (value / (1 + Math.exp(-value))) * (up[i] as number));
      return add(middle, multiply(active, at("mlp.down_proj.weight")));
    });
  }
  const head = weight(tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight");
  return residual.map((row) =>
    multiply(norm(row, weight("model.norm.weight"), architecture.normEpsilon), head),
  );
}

/** Rows of the embedding matrix. */
export function embeddingRows(
  { hiddenSize }: Architecture,
  weights: ReferenceWeights,
  ids: readonly number[],
): Float64Array[] {
  const table = Array.from(weights.get("model.embed_tokens.weight") ?? []);
  return ids.map((id) => Float64Array.from(table.slice(id * hiddenSize, (id + 1) * hiddenSize)));
}

function multiply(x: Float64Array, matrix: ArrayLike<number>): Float64Array {
  const y = new Float64Array(matrix.length / x.length);
  for (let i = 0; i < y.length; i++) {
    for (let j = 0; j < x.length; j++)
      y[i] = (y[i] as number) + (matrix[i * x.length + j] as number) * (x[j] as number);
  }
  return y;
}

function norm(x: Float64Array, gain: ArrayLike<number>, epsilon: number): Float64Array {
  const scale = 1 / Math.sqrt(dot(x, x) / x.length + epsilon);
  return x.map((value, i) => value * scale * (gain[i] as number));
}

/** Element i turns with element half + i. */
function rotate(x: Float64Array, position: number, architecture: Architecture): Float64Array {
  const half = x.length / 2;
  return x.map((value, i) => {
    const angle = position * scaled(architecture.ropeTheta ** (-(i % half) / half), architecture);
    const partner = i < half ? -(x[i + half] as number) : (x[i - half] as number);
    return value * Math.cos(angle) + partner * Math.sin(angle);
  });
}

/** Llama 3.1's scaling, by wavelengths as its authors write it (llama3/model.py, `apply_scaling`). */
function scaled(frequency: number, { ropeScaling }: Architecture): number {
  if (!ropeScaling) return frequency;
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalContextLength } = ropeScaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < originalContextLength / highFrequencyFactor) return frequency;
  if (wavelength > originalContextLength / lowFrequencyFactor) return frequency / factor;
  const smooth =
    (originalContextLength / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const dot = (a: Float64Array, b: Float64Array) =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
const add = (a: Float64Array, b: Float64Array) => a.map((value, i) => value + (b[i] as number));
