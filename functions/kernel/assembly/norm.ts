import { FLOAT, sumLanes, VECTOR } from "./vector";

/**
 * Root-mean-square norm, y = x / sqrt(mean(x^2) + epsilon) * gain, of `rows` rows that begin `stride` bytes apart, in x and
 * in y, which may be the same. The mean is over `width` numbers; `padded`, a multiple of 4, are read and written, and
 * those after `width` must be zeros. gain is float32 [padded].
 */
export function rmsNorm(
  x: usize,
  rows: usize,
  width: usize,
  padded: usize,
  stride: usize,
  gain: usize,
  epsilon: f32,
  y: usize,
): void {
  const bytes = padded * FLOAT;
  for (let row: usize = 0; row < rows; row++) {
    let squares = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += VECTOR) {
      const v = v128.load(x + i);
      squares = f32x4.add(squares, f32x4.mul(v, v));
    }
    const factor = f32x4.splat(<f32>1 / sqrt<f32>(sumLanes(squares) / <f32>width + epsilon));
    for (let i: usize = 0; i < bytes; i += VECTOR) {
      v128.store(y + i, f32x4.mul(f32x4.mul(v128.load(x + i), factor), v128.load(gain + i)));
    }
    x += stride;
    y += stride;
  }
}
