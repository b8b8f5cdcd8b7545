import { transpose } from "../model/transpose.ts";
import type { AdamWOptions, Optimiser } from "./optimiser.ts";

/** Parameters are matrices of this size, one behind the other. */
export interface MatrixSize {
  readonly rows: number;
  readonly columns: number;
}

const MOMENTUM = 0.95;
/** Of an update's numbers at a learning rate of 1: about AdamW's, so that rates mean the same (arXiv 2502.16982, section 2.2). */
const ROOT_MEAN_SQUARE = 0.2;
/** Of the polynomial that takes singular values from 0.01 and up to about 1 in so many rounds (Jordan et al. 2024). */
const [LINEAR, CUBIC, QUINTIC] = [3.4445, -4.775, 2.0315];
const ROUNDS = 5;

/**
 * Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"): steps along the nearest
 * orthogonal matrix of the momentum, so that every direction between virtual tokens is learned as fast as the steepest.
 * Parameters must be matrices of one size; a row that never has a gradient stays as it is.
 */
export function muon(
  { rows, columns }: MatrixSize,
  { weightDecay = 0, anchor }: Pick<AdamWOptions, "weightDecay" | "anchor"> = {},
): Optimiser {
  const size = rows * columns;
  const scale = ROOT_MEAN_SQUARE * Math.sqrt(Math.max(rows, columns));
  return {
    init: ({ length }) => ({ step: 0, tensors: { mean: new Float32Array(length) } }),
    update(parameters, gradient, state, learningRate) {
      const { mean: oldMean } = state.tensors as { mean: Float32Array };
      const towards = (mean: number, i: number) => MOMENTUM * mean + (1 - MOMENTUM) * (gradient[i] as number);
      const mean = oldMean.map(towards);
      // Nesterov's: the momentum as it will be.
      const ahead = mean.map(towards);
      const updated = parameters.slice();
      for (let start = 0; start < parameters.length; start += size) {
        const direction = orthogonalised(ahead.subarray(start, start + size), { rows, columns });
        for (const [k, d] of direction.entries()) {
          const p = parameters[start + k] as number;
          const pull = weightDecay * (p - (anchor?.[start + k] ?? 0));
          updated[start + k] = p - learningRate * (scale * d + pull);
        }
      }
      return { parameters: updated, state: { step: state.step + 1, tensors: { mean } } };
    },
  };
}

/**
 * U V^T of a matrix U S V^T, with singular values between 0.7 and 1.2 in the place of ones. Since every round's polynomial is one
 * of X X^T times X, rounds are made in the Gram matrix of the shorter side, and the matrix itself is met twice.
 */
export function orthogonalised(matrix: Float32Array, { rows, columns }: MatrixSize): Float64Array {
  const norm = Math.sqrt(matrix.reduce((sum, x) => sum + x * x, 0)) || 1;
  const x = Float64Array.from(matrix, (value) => value / norm);
  const wide = rows <= columns;
  const side = Math.min(rows, columns);
  const gram = gramOf(x, { rows, columns }, wide);
  // All are polynomials of one symmetric matrix, so they commute and stay symmetric.
  let factor = identity(side);
  for (let round = 0; round < ROUNDS; round++) {
    const square = product(factor, product(factor, gram, side), side);
    const fourth = product(square, square, side);
    const polynomial = square.map((s, i) => CUBIC * s + QUINTIC * (fourth[i] as number));
    for (let i = 0; i < side; i++) polynomial[i * side + i] = LINEAR + (polynomial[i * side + i] as number);
    factor = product(polynomial, factor, side);
  }
  return wide ? multiply(factor, x, side, side, columns) : multiply(x, factor, rows, side, side);
}

/** X X^T, or X^T X. */
function gramOf(x: Float64Array, { rows, columns }: MatrixSize, wide: boolean): Float64Array {
  const transposed = transpose(x, rows, columns);
  return wide
    ? multiply(x, transposed, rows, columns, rows)
    : multiply(transposed, x, columns, rows, columns);
}

function identity(size: number): Float64Array {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) result[i * size + i] = 1;
  return result;
}

const product = (a: Float64Array, b: Float64Array, size: number) => multiply(a, b, size, size, size);

/** A `[rows, inner]` times B `[inner, columns]`; four rows of B at once, so that a sum is stored once for four products. */
function multiply(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number,
): Float64Array {
  const result = new Float64Array(rows * columns);
  const rowOf = (k: number) => (k < inner ? b.subarray(k * columns, (k + 1) * columns) : nothing);
  const nothing = new Float64Array(columns);
  for (let k = 0; k < inner; k += 4) {
    const [b0, b1, b2, b3] = [rowOf(k), rowOf(k + 1), rowOf(k + 2), rowOf(k + 3)];
    for (let i = 0; i < rows; i++) {
      const row = result.subarray(i * columns, (i + 1) * columns);
      const [a0 = 0, a1 = 0, a2 = 0, a3 = 0] = a.subarray(i * inner + k, i * inner + Math.min(inner, k + 4));
      for (let j = 0; j < columns; j++) {
        row[j] = at(row, j) + a0 * at(b0, j) + a1 * at(b1, j) + a2 * at(b2, j) + a3 * at(b3, j);
      }
    }
  }
  return result;
}

const at = (values: Float64Array, index: number) => values[index] as number;
