import type { FloatWeight } from "./quantisation.ts";

/**
 * Brings a query or key projection whose heads rotate neighbouring elements (llama2.c, Meta's checkpoints) into the layout
 * where a head's two halves rotate (Hugging Face's, and ours): the row of element 2i of a head moves to i, that of element
 * 2i + 1 to half + i.
 */
export function toRotateHalf({ shape, values }: FloatWeight, headSize: number): FloatWeight {
  const [rows, columns] = shape as [number, number];
  const moved = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const element = row % headSize;
    const target = row - element + (element % 2) * (headSize / 2) + Math.floor(element / 2);
    moved.set(values.subarray(row * columns, (row + 1) * columns), target * columns);
  }
  return { shape, values: moved };
}
