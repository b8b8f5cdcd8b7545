import { createRandom } from "../../shared/random.ts";
import type { Parametrisation } from "./parametrisation.ts";

/** Width between the two layers; the paper finds little difference between 10 and 500. */
const BOTTLENECK = 128;
const EPSILON = 1e-5;

/** Where each part lies in the flat parameters. */
interface Layout {
  readonly tokens: number;
  readonly width: number;
  readonly inner: number;
}

/**
 * Prompt vectors seen through a shared residual network while they are tuned, and folded into plain vectors afterwards:
 * `P + LayerNorm(W2 relu(W1 P + b1) + b2)` (Residual Prompt Tuning, arXiv 2305.03937, section 3). The norm's gain starts
 * at zero here, so that tuning begins exactly at `start`, `[tokens, width]`, whatever the network's random weights.
 */
export function residualMlpParameters(
  tokens: number,
  width: number,
  start: Float32Array,
  seed: number,
  inner = Math.min(BOTTLENECK, width),
): Parametrisation {
  const layout: Layout = { tokens, width, inner };
  const random = createRandom(seed ^ 0x5bd1e995);
  const initial = new Float32Array(sizeOf(layout));
  const parts = split(initial, layout);
  parts.vectors.set(start);
  // He initialisation ahead of the rectifier, Glorot's after it.
  for (let i = 0; i < parts.w1.length; i++) parts.w1[i] = random.normal() * Math.sqrt(2 / width);
  for (let i = 0; i < parts.w2.length; i++) parts.w2[i] = random.normal() * Math.sqrt(1 / inner);
  return {
    slot: { method: "prompt", tokens },
    start: initial,
    toSlot: (parameters) => forward(parameters, layout).output,
    pullBack: (parameters, gradient) => backward(parameters, gradient, layout),
  };
}

function sizeOf({ tokens, width, inner }: Layout): number {
  return tokens * width + 2 * width * inner + inner + 3 * width;
}

function split(parameters: Float32Array, { tokens, width, inner }: Layout) {
  let offset = 0;
  const take = (size: number) => parameters.subarray(offset, (offset += size));
  return {
    vectors: take(tokens * width),
    /** `[inner, width]` */
    w1: take(inner * width),
    b1: take(inner),
    /** `[width, inner]` */
    w2: take(width * inner),
    b2: take(width),
    gain: take(width),
    bias: take(width),
  };
}

function forward(parameters: Float32Array, layout: Layout) {
  const { tokens, width, inner } = layout;
  const { vectors, w1, b1, w2, b2, gain, bias } = split(parameters, layout);
  const hidden = new Float32Array(tokens * inner);
  const normed = new Float32Array(tokens * width);
  const scales = new Float32Array(tokens);
  const output = new Float32Array(tokens * width);
  const row = new Float64Array(width);
  for (let t = 0; t < tokens; t++) {
    const x = vectors.subarray(t * width, (t + 1) * width);
    for (let j = 0; j < inner; j++)
      hidden[t * inner + j] = Math.max(0, dot(w1, j * width, x, 0, width) + at(b1, j));
    for (let i = 0; i < width; i++) row[i] = dot(w2, i * inner, hidden, t * inner, inner) + at(b2, i);
    const mean = row.reduce((sum, y) => sum + y, 0) / width;
    const variance = row.reduce((sum, y) => sum + (y - mean) ** 2, 0) / width;
    const scale = (scales[t] = 1 / Math.sqrt(variance + EPSILON));
    for (let i = 0; i < width; i++) {
      const n = (normed[t * width + i] = (at(row, i) - mean) * scale);
      output[t * width + i] = at(x, i) + at(gain, i) * n + at(bias, i);
    }
  }
  return { hidden, normed, scales, output };
}

function backward(parameters: Float32Array, gradient: Float32Array, layout: Layout): Float32Array {
  const { tokens, width, inner } = layout;
  const { vectors, w1, w2, gain } = split(parameters, layout);
  const { hidden, normed, scales } = forward(parameters, layout);
  const result = new Float32Array(parameters.length);
  const d = split(result, layout);
  d.vectors.set(gradient);
  const dRow = new Float64Array(width);
  for (let t = 0; t < tokens; t++) {
    let meanGradient = 0;
    let meanProduct = 0;
    for (let i = 0; i < width; i++) {
      const [g, n] = [at(gradient, t * width + i), at(normed, t * width + i)];
      add(d.bias, i, g);
      add(d.gain, i, g * n);
      meanGradient += (g * at(gain, i)) / width;
      meanProduct += (g * at(gain, i) * n) / width;
    }
    for (let i = 0; i < width; i++) {
      const n = at(normed, t * width + i);
      const toNormed = at(gradient, t * width + i) * at(gain, i);
      const g = (dRow[i] = at(scales, t) * (toNormed - meanGradient - n * meanProduct));
      add(d.b2, i, g);
      for (let j = 0; j < inner; j++) add(d.w2, i * inner + j, g * at(hidden, t * inner + j));
    }
    for (let j = 0; j < inner; j++) {
      if (at(hidden, t * inner + j) <= 0) continue;
      let g = 0;
      for (let i = 0; i < width; i++) g += at(dRow, i) * at(w2, i * inner + j);
      add(d.b1, j, g);
      for (let i = 0; i < width; i++) {
        add(d.w1, j * width + i, g * at(vectors, t * width + i));
        add(d.vectors, t * width + i, g * at(w1, j * width + i));
      }
    }
  }
  return result;
}

type Numbers = Float32Array | Float64Array;
const at = (values: Numbers, index: number) => values[index] as number;
function add(values: Float32Array, index: number, x: number): void {
  values[index] = (values[index] as number) + x;
}
function dot(a: Numbers, aStart: number, b: Numbers, bStart: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += at(a, aStart + i) * at(b, bStart + i);
  return sum;
}
