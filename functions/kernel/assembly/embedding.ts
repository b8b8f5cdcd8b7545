import { FLOAT, VECTOR } from "./vector";

/** Writes row `index` of a matrix packed as `matrix` reads it: float32 [width], a multiple of 16. */
export function embedding(weights: usize, scales: usize, index: usize, width: usize, y: usize): void {
  const scale = v128.load32_splat(scales + index * FLOAT);
  let from = weights + (index >> 2) * width * 4 + (index & 3) * VECTOR;
  for (let k: usize = 0; k < width; k += 16) {
    const packed = v128.load(from);
    const low = i16x8.extend_low_i8x16_s(packed);
    const high = i16x8.extend_high_i8x16_s(packed);
    v128.store(y, scaled(i32x4.extend_low_i16x8_s(low), scale));
    v128.store(y, scaled(i32x4.extend_high_i16x8_s(low), scale), 16);
    v128.store(y, scaled(i32x4.extend_low_i16x8_s(high), scale), 32);
    v128.store(y, scaled(i32x4.extend_high_i16x8_s(high), scale), 48);
    from += 4 * VECTOR;
    y += 16 * FLOAT;
  }
}

function scaled(levels: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(levels), scale);
}
