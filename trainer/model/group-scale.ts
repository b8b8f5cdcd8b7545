const view = new DataView(new ArrayBuffer(4));

/** The float32 whose upper and lower halves are the same 16 bits: what the kernel makes of a group's scale in one instruction. */
export function groupScaleOf(bits: number): number {
  view.setUint16(0, bits);
  view.setUint16(2, bits);
  return view.getFloat32(0);
}

/** The 16 bits whose scale is nearest to a number. */
export function groupScaleBits(scale: number): number {
  view.setFloat32(0, scale);
  const upper = view.getUint16(0);
  // One more or one less is one step away from zero or towards it, whatever the sign.
  const candidates = [upper - 1, upper, upper + 1].filter((bits) => Number.isFinite(groupScaleOf(bits)));
  const distance = (bits: number) => Math.abs(groupScaleOf(bits) - scale);
  return candidates.reduce((best, bits) => (distance(bits) < distance(best) ? bits : best), upper);
}
