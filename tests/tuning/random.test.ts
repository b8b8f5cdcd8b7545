import { expect, test } from "vitest";
import { createRandom, sampleBelow } from "../../shared/random.ts";

test("a sample has no number twice, and one of all numbers is in random order", () => {
  const some = sampleBelow(6_000_000, 1000, createRandom(1));
  expect(new Set(some).size).toBe(1000);
  expect(Math.max(...some)).toBeLessThan(6_000_000);
  const all = sampleBelow(50, 50, createRandom(2));
  expect(all.toSorted((a, b) => a - b)).toEqual([...Array(50).keys()]);
  expect(all).not.toEqual([...Array(50).keys()]);
});

test("every number has the same chance", () => {
  const random = createRandom(3);
  const [limit, count, runs] = [10, 3, 20_000];
  const found = new Array<number>(limit).fill(0);
  for (let run = 0; run < runs; run++) {
    for (const one of sampleBelow(limit, count, random)) found[one] = (found[one] ?? 0) + 1;
  }
  // Binomial: four standard deviations of one number's count.
  const [mean, deviation] = [(runs * count) / limit, Math.sqrt(runs * 0.3 * 0.7)];
  for (const times of found) expect(Math.abs(times - mean)).toBeLessThan(4 * deviation);
});
