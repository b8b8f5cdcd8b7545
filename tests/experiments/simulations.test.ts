import { describe, expect, it } from "vitest";
import {
  simulateBandit,
  simulateCanary,
  simulateCoverage,
  simulateNoEffect,
  simulatePower,
} from "../../scripts/bench/experiments/simulations.ts";

// Small versions of `npm run bench -- experiments`, seeded, through the product's own assessment. The bounds leave room for
// chance: three standard errors of a share near its target.

describe("simulated experiments", () => {
  it("find nothing in A/A tests, with a look after every 100 units", () => {
    const { falsePositives, mismatches } = simulateNoEffect(80);
    expect(falsePositives).toBeLessThanOrEqual(0.1);
    expect(mismatches).toBeLessThanOrEqual(0.0125);
  });

  it("find the effect with the calculator's units", () => {
    expect(simulatePower(60).power).toBeGreaterThan(0.66);
  });

  it("cover the true effect at every look", () => {
    expect(simulateCoverage(60).coverage).toBeGreaterThan(0.88);
  });

  it("roll a harmful canary back before it has reached many, and promote a harmless one", () => {
    const harmful = simulateCanary(30, 0.05);
    expect(harmful.rolledBack).toBeGreaterThanOrEqual(0.9);
    expect(harmful.exposedShare).toBeLessThan(0.05);
    const harmless = simulateCanary(20, 0);
    expect(harmless.rolledBack).toBeLessThanOrEqual(0.1);
    expect(harmless.promoted).toBeGreaterThanOrEqual(0.9);
  });

  it("lose less with a bandit than with an even split", () => {
    expect(simulateBandit(5).regretRatio).toBeLessThan(0.6);
  });
});
