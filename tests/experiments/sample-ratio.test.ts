import { describe, expect, it } from "vitest";
import { sampleRatio } from "../../functions/experiments/statistics/sample-ratio.ts";
import { createRandom } from "../../shared/random.ts";

describe("sample ratio", () => {
  it("has Pearson's chi-square (Fabijan et al. 2019, KDD: 821,588 against 815,482 users; by R's chisq.test)", () => {
    const { chiSquare, pValue, sequentialPValue } = sampleRatio([
      { units: [821_588, 815_482], shares: [0.5, 0.5] },
    ]);
    expect(chiSquare).toBeCloseTo(22.7743688419, 8);
    expect(pValue / 1.82179287262e-6).toBeCloseTo(1, 6);
    expect(sequentialPValue).toBeLessThan(0.001);
  });

  it("has it for four variants (Mendel 1866: 315, 101, 108 and 32 peas at 9:3:3:1; by R's chisq.test)", () => {
    const { chiSquare, pValue, sequentialPValue } = sampleRatio([
      { units: [315, 101, 108, 32], shares: [9 / 16, 3 / 16, 3 / 16, 1 / 16] },
    ]);
    expect(chiSquare).toBeCloseTo(0.470023980815, 10);
    expect(pValue).toBeCloseTo(0.925425895104, 10);
    expect(sequentialPValue).toBe(1);
  });

  it("bets fairly: the e-process has expectation 1, by summing over every possible count", () => {
    // Two phases of 12 and 9 units at shares 0.3 and 0.05; binomial probabilities by their definition.
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
    const binomial = (n: number, k: number, p: number) => choose(n, k) * p ** k * (1 - p) ** (n - k);
    let expectation = 0;
    let total = 0;
    for (let a = 0; a <= 12; a++)
      for (let b = 0; b <= 9; b++) {
        const weight = binomial(12, a, 0.3) * binomial(9, b, 0.05);
        const phases = [
          { units: [12 - a, a], shares: [0.7, 0.3] },
          { units: [9 - b, b], shares: [0.95, 0.05] },
        ];
        const p = sampleRatio(phases).sequentialPValue;
        // p = min(1, 1/E), so E is only known where it is above 1; below, it lies between 0 and 1.
        expectation += weight * (p < 1 ? 1 / p : 0);
        total += weight;
      }
    expect(total).toBeCloseTo(1, 12);
    expect(expectation).toBeLessThanOrEqual(1);
  });

  it("falsely blocks at most one in a thousand sound experiments, looked at all the time; chi-square does not", () => {
    const experiments = 400;
    let blocked = 0;
    let chiSquared = 0;
    for (let seed = 1; seed <= experiments; seed++) {
      const random = createRandom(seed);
      const units = [0, 0];
      let sequential = false;
      let plain = false;
      for (let i = 1; i <= 20_000; i++) {
        const variant = random.next() < 0.5 ? 0 : 1;
        units[variant] = (units[variant] ?? 0) + 1;
        if (i % 100 !== 0) continue;
        const result = sampleRatio([{ units, shares: [0.5, 0.5] }]);
        sequential ||= result.sequentialPValue < 0.001;
        plain ||= result.pValue < 0.001;
      }
      blocked += Number(sequential);
      chiSquared += Number(plain);
    }
    expect(blocked).toBeLessThanOrEqual(2);
    expect(chiSquared / experiments).toBeGreaterThan(0.01);
  });

  it("finds a variant that loses a tenth of its units", () => {
    const random = createRandom(7);
    const units = [0, 0];
    while (units[0]! + units[1]! < 20_000) {
      if (random.next() < 0.5) units[0]!++;
      else if (random.next() < 0.9) units[1]!++;
    }
    expect(sampleRatio([{ units, shares: [0.5, 0.5] }]).sequentialPValue).toBeLessThan(0.001);
  });

  it("says nothing without units or with a single variant", () => {
    expect(sampleRatio([])).toEqual({ chiSquare: 0, pValue: 1, sequentialPValue: 1 });
    expect(sampleRatio([{ units: [500], shares: [1] }])).toEqual({
      chiSquare: 0,
      pValue: 1,
      sequentialPValue: 1,
    });
  });
});
