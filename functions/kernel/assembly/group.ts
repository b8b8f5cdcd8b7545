/** Weights that share a scale: 16 bytes, in whose 16-bit word j are weights j, 8 + j, 16 + j and 24 + j, lowest first. */
export const GROUP: usize = 32;

/** Bytes of a row's scales, which come before its groups. */
export function groupScaleBytes(inputs: usize): usize {
  return inputs / 16;
}

export function rowBytes(inputs: usize): usize {
  return inputs / 16 + inputs / 2;
}

/** A scale in all lanes: a float32 whose halves are the same 16 bits, so that it takes one instruction to read. */
export function groupScale(at: usize): v128 {
  return v128.load16_splat(at);
}

/** The weights of a group, eight at a time, as int16. */
export function eight0(group: v128): v128 {
  return i16x8.shr_s(i16x8.shl(group, 12), 12);
}
export function eight1(group: v128): v128 {
  return i16x8.shr_s(i16x8.shl(group, 8), 12);
}
export function eight2(group: v128): v128 {
  return i16x8.shr_s(i16x8.shl(group, 4), 12);
}
export function eight3(group: v128): v128 {
  return i16x8.shr_s(group, 12);
}

/** A group times its levels, int16 [4][8], as four sums in float32. */
export function groupDot(group: v128, x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  const low = i32x4.add(i32x4.dot_i16x8_s(eight0(group), x0), i32x4.dot_i16x8_s(eight1(group), x1));
  const high = i32x4.add(i32x4.dot_i16x8_s(eight2(group), x2), i32x4.dot_i16x8_s(eight3(group), x3));
  return f32x4.convert_i32x4_s(i32x4.add(low, high));
}
