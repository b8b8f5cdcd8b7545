/** Bytes of a float32, and of four of them in a vector. */
export const FLOAT: usize = 4;
export const VECTOR: usize = 16;

/** a b + c. In the kernel built with relaxed SIMD it is rounded once where the processor can do so, which is faster. */
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** Sum of the four lanes. */
export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** Largest of the four lanes. */
export function maxLane(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/** `[sum of a, sum of b, sum of c, sum of d]`. */
export function sumEach(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

export const LOG2_E: f32 = 1.44269504088896341;

/**
 * A constant in all lanes, from its address, which `memory.data` gives: one instruction. V8 makes a vector of a number that stands in
 * the code in three, again wherever it is used.
 */
export function constant(at: usize): v128 {
  return v128.load32_splat(at);
}

/** 1.5 * 2^23: a float32 around it has no fraction, and its bits count up by one per integer. */
const MAGIC: usize = memory.data<f32>([12582912]);

/**
 * Lanes below 2^22 in magnitude to the nearest integers, half to even. x86 has no instruction for wasm's own conversion, which
 * takes ten.
 */
export function toIntegers(v: v128): v128 {
  return i32x4.sub(f32x4.add(v, constant(MAGIC)), constant(MAGIC));
}

const SMALLEST_POWER: usize = memory.data<f32>([-126]);
/** 2^x = 1 + c1 x + ... + c5 x^5 to 1e-7, for x from -0.5 to 0.5. */
const C0: usize = memory.data<f32>([1]);
const C1: usize = memory.data<f32>([0.693146978]);
const C2: usize = memory.data<f32>([0.240222421]);
const C3: usize = memory.data<f32>([0.0555073374]);
const C4: usize = memory.data<f32>([0.00967151266]);
const C5: usize = memory.data<f32>([0.00132647269]);

/**
 * 2 to the power of each lane up to 126, to about 2e-7 of the result; lanes below -126 count as that. The nearest integer goes
 * into the exponent bits, a polynomial takes the rest.
 */
export function exp2(v: v128): v128 {
  const x = f32x4.pmax(v, constant(SMALLEST_POWER));
  const shifted = f32x4.add(x, constant(MAGIC));
  const rest = f32x4.sub(x, f32x4.sub(shifted, constant(MAGIC)));
  let p = multiplyAdd(constant(C5), rest, constant(C4));
  p = multiplyAdd(p, rest, constant(C3));
  p = multiplyAdd(p, rest, constant(C2));
  p = multiplyAdd(p, rest, constant(C1));
  p = multiplyAdd(p, rest, constant(C0));
  return i32x4.add(p, i32x4.shl(shifted, 23));
}
