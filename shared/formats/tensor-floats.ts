import type { Tensor } from "./safetensors.ts";

/** A tensor's values as float32, copied; null where it does not hold floats. */
export function toFloat32({ type, bytes }: Pick<Tensor, "type" | "bytes">): Float32Array<ArrayBuffer> | null {
  // The file's bytes need not lie at a multiple of the element's size.
  const { buffer } = new Uint8Array(bytes);
  if (type === "F32") return new Float32Array(buffer);
  if (type !== "F16" && type !== "BF16") return null;
  const stored = new Uint16Array(buffer);
  const values = new Float32Array(stored.length);
  if (type === "F16") {
    for (let i = 0; i < stored.length; i++) values[i] = fromHalf(stored[i] as number);
  } else {
    // bfloat16 is the upper half of a float32.
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < stored.length; i++) bits[i] = (stored[i] as number) << 16;
  }
  return values;
}

/** IEEE 754 binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
