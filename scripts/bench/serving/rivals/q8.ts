/** Values of one block, and its bytes: a float16 scale and as many int8 numbers. */
export const Q8_BLOCK = 32;
const Q8_BLOCK_BYTES = 2 + Q8_BLOCK;
const MAX_INT8 = 127;

/** Quantises as llama.cpp's Q8_0 does: every 32 values share the scale of their largest. */
export function encodeQ8(values: Float32Array): Uint8Array {
  const blocks = values.length / Q8_BLOCK;
  const bytes = new Uint8Array(blocks * Q8_BLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < blocks; block++) {
    const part = values.subarray(block * Q8_BLOCK, (block + 1) * Q8_BLOCK);
    const scale = part.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / MAX_INT8;
    const at = block * Q8_BLOCK_BYTES;
    view.setUint16(at, toHalf(scale), true);
    part.forEach((value, i) => view.setInt8(at + 2 + i, scale === 0 ? 0 : Math.round(value / scale)));
  }
  return bytes;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** IEEE 754 binary16 of a number that is not negative and below its largest; rounds half up. */
function toHalf(value: number): number {
  float[0] = value;
  const word = bits[0] ?? 0;
  const exponent = (word >>> 23) - 127 + 15;
  const fraction = word & 0x7fffff;
  if (exponent > 0) return (exponent << 10) + ((fraction + 0x1000) >>> 13);
  // Subnormal: units of 2^-24.
  return Math.round(value * 2 ** 24);
}
