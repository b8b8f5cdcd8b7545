import { describe, expect, it } from "vitest";
import { allocate, variantOf } from "../../functions/experiments/allocation.ts";
import { chiSquareSurvival } from "../../functions/experiments/statistics/distributions.ts";
import { BUCKETS, unitHash } from "../../functions/experiments/unit-hash.ts";

const UNITS = 1_000_000;

/** Chi-square against equal counts in all cells. */
function uniformP(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return chiSquareSurvival(chiSquare, counts.length - 1);
}

describe("unit hash", () => {
  it.each([
    // xxhsum 0.8.1 -H1, of the salt, a colon and the unit.
    ["salt", "user-1", "7a021ef6235b2f74"],
    ["", "", "787f005495551c49"],
    ["salt", "ü@example.com", "6ba83bfb6d262a27"],
  ])("is XXH64 of salt and unit: %j, %j", (salt, unit, key) => {
    expect(unitHash.hash(salt, unit)).toEqual({ key, bucket: Number(BigInt(`0x${key}`) % 10_000n) });
  });

  it.each([
    ["numbers", (i: number) => String(i)],
    ["UUID-like ids", (i: number) => `${(i * 2654435761) % 4294967296}-4f3a-${i}`],
    ["e-mail addresses", (i: number) => `user${i}@example.com`],
  ])("spreads a million %s evenly over the buckets", (_name, unit) => {
    const counts = new Array<number>(BUCKETS).fill(0);
    for (let i = 0; i < UNITS; i++) {
      const { bucket } = unitHash.hash("salt", unit(i));
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    expect(uniformP(counts)).toBeGreaterThan(0.001);
  });

  it("assigns independently in two experiments", () => {
    const cells = new Array<number>(100).fill(0);
    for (let i = 0; i < UNITS / 4; i++) {
      const unit = `user${i}`;
      const row = Math.floor(unitHash.hash("salt-one", unit).bucket / 1000);
      const column = Math.floor(unitHash.hash("salt-two", unit).bucket / 1000);
      cells[row * 10 + column] = (cells[row * 10 + column] ?? 0) + 1;
    }
    expect(uniformP(cells)).toBeGreaterThan(0.001);
  });

  it("takes less than 5 microseconds with the look-up of the variant", () => {
    const allocation = allocate([25, 25, 25, 25]);
    const rounds = 200_000;
    const began = performance.now();
    let sum = 0;
    for (let i = 0; i < rounds; i++)
      sum += variantOf(allocation, unitHash.hash("01JABCDEFGHJKMNPQRSTVWXYZ0", `user-${i}`).bucket);
    const microseconds = ((performance.now() - began) * 1000) / rounds;
    expect(sum).toBeGreaterThan(0);
    expect(microseconds).toBeLessThan(5);
  });
});
