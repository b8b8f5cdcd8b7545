/**
 * Gradient of `f` at `x` by central differences of fourth order, so that a step can be wide enough for float32 noise to
 * vanish: the error is of order `step^4`. `x` is changed in place during the call and restored.
 */
export async function finiteDifferences(
  x: Float32Array,
  f: () => Promise<number>,
  step = 0.02,
  indices: Iterable<number> = x.keys(),
): Promise<Map<number, number>> {
  const gradient = new Map<number, number>();
  for (const i of indices) {
    const before = x[i] as number;
    const at = async (offset: number) => {
      x[i] = before + offset;
      // Float32 rounds the offset; the difference quotient wants the one that was applied.
      return { value: await f(), offset: x[i] - before };
    };
    const near = slope(await at(step), await at(-step));
    const far = slope(await at(2 * step), await at(-2 * step));
    x[i] = before;
    gradient.set(i, (4 * near - far) / 3);
  }
  return gradient;
}

interface Sample {
  value: number;
  offset: number;
}

const slope = (above: Sample, below: Sample) => (above.value - below.value) / (above.offset - below.offset);

/** Euclidean distance of `found` and `wanted`, relative to the length of `wanted`. */
export function relativeError(found: Iterable<number>, wanted: Iterable<number>): number {
  const [a, b] = [[...found], [...wanted]];
  if (a.length !== b.length) throw new Error(`Found ${a.length} numbers, wanted ${b.length}`);
  const distance = Math.hypot(...a.map((value, i) => value - (b[i] as number)));
  return distance / Math.hypot(...b);
}
