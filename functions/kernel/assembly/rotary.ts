import { FLOAT, VECTOR } from "./vector";

/**
 * Rotary position embedding (RoFormer, arXiv 2104.09864, equation 15) in place, pairing the first half of each head with
 * the second. x holds `heads` heads of float32 [headSize] per row, rows `stride` bytes apart; cos and sin are
 * [rows, headSize / 2]. `headSize` is a multiple of 8.
 */
export function rotary(
  x: usize,
  rows: usize,
  stride: usize,
  heads: usize,
  headSize: usize,
  cos: usize,
  sin: usize,
): void {
  const half = (headSize / 2) * FLOAT;
  for (let row: usize = 0; row < rows; row++) {
    let head = x;
    for (let h: usize = 0; h < heads; h++) {
      for (let i: usize = 0; i < half; i += VECTOR) {
        const first = v128.load(head + i);
        const second = v128.load(head + half + i);
        const c = v128.load(cos + i);
        const s = v128.load(sin + i);
        v128.store(head + i, f32x4.sub(f32x4.mul(first, c), f32x4.mul(second, s)));
        v128.store(head + half + i, f32x4.add(f32x4.mul(second, c), f32x4.mul(first, s)));
      }
      head += 2 * half;
    }
    x += stride;
    cos += half;
    sin += half;
  }
}
