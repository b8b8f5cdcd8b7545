import { chiSquareSurvival } from "./distributions.ts";

/** Units of each variant within one phase, and the shares that they should have had. */
export interface SplitCounts {
  readonly units: readonly number[];
  /** Sum to 1. */
  readonly shares: readonly number[];
}

export interface SampleRatioResult {
  /** Pearson's chi-square over all phases: the usual test, right for one look. */
  readonly chiSquare: number;
  readonly pValue: number;
  /** Holds at every look. */
  readonly sequentialPValue: number;
}

/** Verdicts are blocked below this: assignment or counting is broken, and no statistic can mend that. */
export const SAMPLE_RATIO_ALPHA = 0.001;

/**
 * Alternatives that the sequential test bets on: a variant's odds are off by these factors' exponentials. From losses of
 * half a per cent, which take millions of units to see, to a variant that hardly arrives.
 */
const TILTS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2].flatMap((tilt) => [tilt, -tilt]);

/**
 * Are the units split as they were meant to be?
 *
 * The plain chi-square test is given for reference; looked at every hour, its p-value falls below 0.001 far oftener than
 * once in a thousand sound experiments. The test that blocks verdicts is an e-process: for each variant and each tilt t,
 * exp(t n_k) / product over phases of (1 - s + s e^t)^n has expectation 1 at all times when units come with probability s,
 * and so has their average; by Ville's inequality it ever passes 1000 in at most one of 1000 sound experiments, exactly,
 * however small the counts. (Method of mixtures; Lindon & Malek 2022, "Anytime-valid inference for multinomial count data",
 * NeurIPS, section 4, for shares that change over time. Their Dirichlet mixture needs constant shares; the tilts do not.)
 */
export function sampleRatio(phases: readonly SplitCounts[]): SampleRatioResult {
  const { chiSquare, degreesOfFreedom } = pearson(phases);
  return {
    chiSquare,
    pValue: degreesOfFreedom === 0 ? 1 : chiSquareSurvival(chiSquare, degreesOfFreedom),
    sequentialPValue: Math.min(1, Math.exp(-logEProcess(phases))),
  };
}

function logEProcess(phases: readonly SplitCounts[]): number {
  const variants = phases[0]?.shares.length ?? 0;
  const logs: number[] = [];
  for (let variant = 0; variant < variants; variant++) {
    // Where a variant never had a share, a unit of it is impossible rather than unlikely.
    for (const tilt of TILTS) {
      let log = 0;
      for (const { units, shares } of phases) {
        const total = units.reduce((sum, count) => sum + count, 0);
        log +=
          tilt * (units[variant] as number) -
          total * Math.log1p((shares[variant] as number) * Math.expm1(tilt));
      }
      logs.push(log);
    }
  }
  if (logs.length === 0) return 0;
  const largest = Math.max(...logs);
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / logs.length);
}

/**
 * Chi-square of the totals against their expectation. With shares that differ between phases the totals' variance is a sum
 * of multinomial ones; the statistic is the quadratic form of its inverse, for constant shares Pearson's sum.
 */
function pearson(phases: readonly SplitCounts[]): { chiSquare: number; degreesOfFreedom: number } {
  const live = (phases[0]?.shares ?? [])
    .map((_, variant) => variant)
    .filter((variant) => phases.some(({ shares }) => (shares[variant] as number) > 0));
  // The last variant follows from the others.
  const free = live.slice(0, -1);
  const deviations = free.map(() => 0);
  const covariance = free.map(() => free.map(() => 0));
  for (const { units, shares } of phases) {
    const total = units.reduce((sum, count) => sum + count, 0);
    for (const [i, a] of free.entries()) {
      const shareA = shares[a] as number;
      deviations[i] = (deviations[i] as number) + (units[a] as number) - total * shareA;
      for (const [j, b] of free.entries()) {
        const row = covariance[i] as number[];
        row[j] =
          (row[j] as number) + total * (i === j ? shareA * (1 - shareA) : -shareA * (shares[b] as number));
      }
    }
  }
  const solved = solve(covariance, deviations);
  if (!solved) return { chiSquare: 0, degreesOfFreedom: 0 };
  return {
    chiSquare: solved.reduce((sum, x, i) => sum + x * (deviations[i] as number), 0),
    degreesOfFreedom: free.length,
  };
}

/** Gaussian elimination for a small positive definite system; null where it is singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | null {
  const rows = matrix.map((row, i) => [...row, right[i] as number]);
  const size = rows.length;
  if (size === 0) return null;
  for (let i = 0; i < size; i++) {
    const pivotRow = rows[i] as number[];
    const pivot = pivotRow[i] as number;
    if (!(pivot > 0)) return null;
    for (let j = 0; j < size; j++) {
      if (j === i) continue;
      const row = rows[j] as number[];
      const factor = (row[i] as number) / pivot;
      for (let k = i; k <= size; k++) row[k] = (row[k] as number) - factor * (pivotRow[k] as number);
    }
  }
  return rows.map((row, i) => (row[size] as number) / (row[i] as number));
}
