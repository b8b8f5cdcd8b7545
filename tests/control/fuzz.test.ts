import { expect, test } from "vitest";
import { fuzz } from "../../scripts/fuzz/fuzz.ts";

/** `npm run fuzz -- --runs 1000000` reads a million. */
const INPUTS = 7000;

test("bytes from outside are taken or refused by a typed error, whatever has been done to them", async () => {
  const { crashes, refused } = await fuzz(20_261_124, 0, INPUTS);
  expect(crashes).toEqual([]);
  // Mutations that are all refused, or all taken, would test nothing.
  expect(refused).toBeGreaterThan(INPUTS / 10);
  expect(refused).toBeLessThan(INPUTS);
});
