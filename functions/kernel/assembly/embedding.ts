import { eight0, eight1, eight2, eight3, GROUP, groupScale, groupScaleBytes, rowBytes } from "./group";
import { BLOCK } from "./matrix8-block";
import { FLOAT, VECTOR } from "./vector";

/** Writes row `index` of a matrix packed as `matrix8` reads it: float32 [width]. */
export function embedding8(weights: usize, scales: usize, index: usize, width: usize, y: usize): void {
  const scale = load<f32>(scales + index * FLOAT);
  // A pair of the row's weights, then those of the block's other rows.
  let from = weights + (index & ~(BLOCK - 1)) * width + (index & (BLOCK - 1)) * 2;
  for (const end = y + width * FLOAT; y < end; y += 2 * FLOAT) {
    store<f32>(y, <f32>load<i8>(from) * scale);
    store<f32>(y, <f32>load<i8>(from, 1) * scale, FLOAT);
    from += BLOCK * 2;
  }
}

/** Writes row `index` of a matrix packed as `matrix4` reads it: float32 [width]. */
export function embedding4(weights: usize, outputs: usize, index: usize, width: usize, y: usize): void {
  let scaleAt = weights + ((index & 3) * (outputs / 4) + (index >> 2)) * rowBytes(width);
  let from = scaleAt + groupScaleBytes(width);
  for (const end = y + width * FLOAT; y < end; y += GROUP * FLOAT) {
    const group = v128.load(from);
    const scale = groupScale(scaleAt);
    writeEight(eight0(group), scale, y);
    writeEight(eight1(group), scale, y + 2 * VECTOR);
    writeEight(eight2(group), scale, y + 4 * VECTOR);
    writeEight(eight3(group), scale, y + 6 * VECTOR);
    from += VECTOR;
    scaleAt += 2;
  }
}

function writeEight(weights: v128, scale: v128, y: usize): void {
  v128.store(y, scaled(i32x4.extend_low_i16x8_s(weights), scale));
  v128.store(y, scaled(i32x4.extend_high_i16x8_s(weights), scale), VECTOR);
}

function scaled(levels: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(levels), scale);
}
