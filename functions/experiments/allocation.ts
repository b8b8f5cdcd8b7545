import { BUCKETS } from "./unit-hash.ts";

/** Buckets `from` to `to` (exclusive) belong to the variant with that index. */
export interface BucketRange {
  readonly from: number;
  readonly to: number;
  readonly variant: number;
}

/**
 * Who gets what: ranges that cover [0, BUCKETS) in order. An allocation is stored rather than computed from weights,
 * since it depends on those before it: that is what keeps everybody in place who need not move.
 */
export type Allocation = readonly BucketRange[];

/**
 * Buckets for each variant by largest remainder: none is further than one bucket from its exact share.
 *
 * @param weights not negative, not all 0; any sum
 */
export function bucketCounts(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => (weight / total) * BUCKETS);
  const counts = exact.map(Math.floor);
  const left = BUCKETS - counts.reduce((sum, count) => sum + count, 0);
  const byRemainder = exact
    .map((share, variant) => ({ variant, remainder: share - Math.floor(share) }))
    .toSorted((a, b) => b.remainder - a.remainder || a.variant - b.variant);
  for (const { variant } of byRemainder.slice(0, left)) (counts[variant] as number)++;
  return counts;
}

/** The first allocation of an experiment: one range for each variant. */
export function allocate(weights: readonly number[]): Allocation {
  let from = 0;
  const ranges = bucketCounts(weights).map((count, variant) => {
    const range = { from, to: from + count, variant };
    from += count;
    return range;
  });
  return ranges.filter((range) => range.to > range.from);
}

/**
 * An allocation with new weights that moves as few buckets as can be: a variant that shrinks gives up its last buckets,
 * a variant that grows takes only buckets that were given up, and all others stay.
 */
export function reallocate(before: Allocation, weights: readonly number[]): Allocation {
  const counts = bucketCounts(weights);
  const kept: BucketRange[] = [];
  const freed: { from: number; to: number }[] = [];
  const left = [...counts];
  for (const range of before) {
    const keep = Math.min(range.to - range.from, left[range.variant] ?? 0);
    left[range.variant] = (left[range.variant] ?? 0) - keep;
    if (keep > 0) kept.push({ ...range, to: range.from + keep });
    if (range.from + keep < range.to) freed.push({ from: range.from + keep, to: range.to });
  }
  const given: BucketRange[] = [];
  for (const [variant, wanted] of left.entries()) {
    for (let missing = wanted; missing > 0;) {
      const place = freed[0];
      if (!place) break;
      const taken = Math.min(missing, place.to - place.from);
      given.push({ from: place.from, to: place.from + taken, variant });
      missing -= taken;
      if (place.from + taken === place.to) freed.shift();
      else place.from += taken;
    }
  }
  return merge([...kept, ...given].toSorted((a, b) => a.from - b.from));
}

/** Index of the variant that a bucket belongs to. */
export function variantOf(allocation: Allocation, bucket: number): number {
  let low = 0;
  let high = allocation.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bucket < (allocation[middle] as BucketRange).to) high = middle;
    else low = middle + 1;
  }
  return (allocation[low] as BucketRange).variant;
}

/** Share of each variant, from 0 to 1. */
export function shares(allocation: Allocation, variants: number): number[] {
  const counts = new Array<number>(variants).fill(0);
  for (const { from, to, variant } of allocation) counts[variant] = (counts[variant] ?? 0) + to - from;
  return counts.map((count) => count / BUCKETS);
}

function merge(ranges: readonly BucketRange[]): Allocation {
  const merged: BucketRange[] = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last && last.variant === range.variant && last.to === range.from)
      merged[merged.length - 1] = { ...last, to: range.to };
    else merged.push(range);
  }
  return merged;
}
