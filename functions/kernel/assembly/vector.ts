/** Bytes of a float32, and of four of them in a vector. */
export const FLOAT: usize = 4;
export const VECTOR: usize = 16;

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

/** 1.5 * 2^23: a float32 around it has no fraction, and its bits count up by one per integer. */
const MAGIC: f32 = 12582912;
const MAGIC_BITS: i32 = 0x4b400000;

/**
 * Lanes below 2^22 in magnitude to the nearest integers, half to even. x86 has no instruction for wasm's own conversion, which
 * takes ten.
 */
export function toIntegers(v: v128): v128 {
  return i32x4.sub(f32x4.add(v, f32x4.splat(MAGIC)), i32x4.splat(MAGIC_BITS));
}

/**
 * e to the power of each lane, to about 2e-7 of the result; lanes beyond +-87, where float32 ends, count as +-87. Splits off
 * a power of two, which goes into the exponent bits, and takes a polynomial for the rest.
 */
export function exp(v: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(v, splat(87)), splat(-87));
  const n = f32x4.nearest(f32x4.mul(x, splat(1.44269504088896341)));
  // ln 2 in two parts, so that the rest keeps all its digits.
  const rest = f32x4.sub(f32x4.sub(x, f32x4.mul(n, splat(0.693359375))), f32x4.mul(n, splat(-2.1219444e-4)));
  let p = splat(1.0 / 5040);
  p = f32x4.add(f32x4.mul(p, rest), splat(1.0 / 720));
  p = f32x4.add(f32x4.mul(p, rest), splat(1.0 / 120));
  p = f32x4.add(f32x4.mul(p, rest), splat(1.0 / 24));
  p = f32x4.add(f32x4.mul(p, rest), splat(1.0 / 6));
  p = f32x4.add(f32x4.mul(p, rest), splat(0.5));
  p = f32x4.add(f32x4.mul(p, rest), splat(1));
  p = f32x4.add(f32x4.mul(p, rest), splat(1));
  const power = i32x4.shl(i32x4.add(toIntegers(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}
