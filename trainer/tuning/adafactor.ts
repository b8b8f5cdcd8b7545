import type { Optimiser } from "./optimiser.ts";

const EPSILON_SQUARE = 1e-30;
const CLIP = 1;

/**
 * Adafactor without momentum for a flat matrix with rows of `width` (Shazeer and Stern 2018, arXiv 1804.04235, algorithm
 * 4): second moments are kept as row and column means, the update is clipped to a root mean square of 1. The learning
 * rate is taken as given, not scaled by the parameters (its option in T5, and what Lester et al. 2021 tuned prompts with).
 */
export function adafactor(width: number): Optimiser {
  return {
    init: ({ length }) => ({
      step: 0,
      tensors: { rows: new Float32Array(length / width), columns: new Float32Array(width) },
    }),
    update(parameters, gradient, state, learningRate) {
      const step = state.step + 1;
      const decay = 1 - step ** -0.8;
      const { rows: oldRows, columns: oldColumns } = state.tensors as {
        rows: Float32Array;
        columns: Float32Array;
      };
      const height = oldRows.length;
      const rowSums = new Float64Array(height);
      const columnSums = new Float64Array(width);
      for (let i = 0; i < gradient.length; i++) {
        const square = (gradient[i] as number) ** 2 + EPSILON_SQUARE;
        const [row, column] = [Math.floor(i / width), i % width];
        rowSums[row] = (rowSums[row] as number) + square;
        columnSums[column] = (columnSums[column] as number) + square;
      }
      const rows = oldRows.map((r, i) => decay * r + (1 - decay) * ((rowSums[i] as number) / width));
      const columns = oldColumns.map(
        (c, j) => decay * c + (1 - decay) * ((columnSums[j] as number) / height),
      );
      const rowMean = rows.reduce((sum, r) => sum + r, 0) / height;
      const direction = Float64Array.from(gradient, (g, i) => {
        const square = ((rows[Math.floor(i / width)] as number) / rowMean) * (columns[i % width] as number);
        return square === 0 ? 0 : g / Math.sqrt(square);
      });
      const norm = Math.sqrt(direction.reduce((sum, u) => sum + u * u, 0) / direction.length);
      const scale = learningRate / Math.max(1, norm / CLIP);
      return {
        parameters: parameters.map((p, i) => p - scale * (direction[i] as number)),
        state: { step, tensors: { rows, columns } },
      };
    },
  };
}
