import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allocate,
  bucketCounts,
  reallocate,
  shares,
  variantOf,
  type Allocation,
} from "../../functions/experiments/allocation.ts";
import { BUCKETS } from "../../functions/experiments/unit-hash.ts";

const weights = fc
  .array(fc.integer({ min: 0, max: 1000 }), { minLength: 3, maxLength: 3 })
  .filter((list) => list.some((weight) => weight > 0));

const owners = (allocation: Allocation) =>
  Array.from({ length: BUCKETS }, (_, bucket) => variantOf(allocation, bucket));

describe("allocation", () => {
  it("gives every bucket away, within one of the exact share", () => {
    fc.assert(
      fc.property(weights, (list) => {
        const counts = bucketCounts(list);
        const total = list.reduce((sum, weight) => sum + weight, 0);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(BUCKETS);
        for (const [i, count] of counts.entries())
          expect(Math.abs(count - ((list[i] as number) / total) * BUCKETS)).toBeLessThan(1);
      }),
    );
  });

  it("moves no bucket that need not move, over any sequence of weights", () => {
    fc.assert(
      fc.property(fc.array(weights, { minLength: 2, maxLength: 6 }), ([first, ...rest]) => {
        let allocation = allocate(first as number[]);
        for (const next of rest) {
          const before = owners(allocation);
          const had = shares(allocation, 3).map((share) => Math.round(share * BUCKETS));
          allocation = reallocate(allocation, next);
          const after = owners(allocation);
          const wanted = bucketCounts(next);
          expect(shares(allocation, 3).map((share) => Math.round(share * BUCKETS))).toEqual(wanted);
          const moved = after.filter((owner, bucket) => owner !== before[bucket]).length;
          const needed = wanted.reduce((sum, count, i) => sum + Math.max(count - (had[i] as number), 0), 0);
          expect(moved).toBe(needed);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("keeps whoever has the treatment while a canary grows", () => {
    let allocation = allocate([99, 1]);
    for (const step of [5, 10, 25, 50]) {
      const treated = owners(allocation).flatMap((owner, bucket) => (owner === 1 ? [bucket] : []));
      allocation = reallocate(allocation, [100 - step, step]);
      expect(treated.every((bucket) => variantOf(allocation, bucket) === 1)).toBe(true);
    }
    expect(allocation).toEqual([
      { from: 0, to: 5000, variant: 0 },
      { from: 5000, to: 10_000, variant: 1 },
    ]);
  });
});
