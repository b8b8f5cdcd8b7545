import { compare } from "./compare.ts";
import type { Stratum } from "./moments.ts";
import { harmBounds, type Interval } from "./sequential.ts";
import { proportionBounds } from "./sequential-proportion.ts";

export interface HarmQuestion {
  readonly strata: readonly Stratum[];
  readonly control: number;
  readonly treatment: number;
  readonly better: "increase" | "decrease";
  /** Every unit's value lies in [0, 1]. */
  readonly proportion: boolean;
  /** See `mixtureRatio`. */
  readonly planned: number;
  readonly alpha: number;
}

/** Share of alpha that the exact bounds may spend; a factor of 5 costs them little, as it enters by its logarithm. */
const EXACT_SHARE = 0.2;

/**
 * How much worse the treatment is, as bounds each of which holds at every look with probability of at least 1 - alpha: a
 * low bound above 0 is harm, a high bound below a margin rules that margin out. Null bounds are open.
 *
 * Once both arms are large the normal sequence is the sharper one. Until then, and where nothing ever fails, proportions
 * have exact bounds: of each arm within one phase, where phase k may spend 2^-k of their share. They see a variant that is
 * plainly broken after a dozen units, and know that 300 units without a failure leave no room for five points of harm.
 */
export function harmOf(question: HarmQuestion): { low: number | null; high: number | null } {
  const { strata, control, treatment, better, proportion, planned, alpha } = question;
  const comparison = compare(strata, control, treatment, proportion);
  const normal = harmBounds(comparison, better, planned, alpha * (proportion ? 1 - EXACT_SHARE : 1));
  const lows = normal ? [normal.low] : [];
  const highs = normal ? [normal.high] : [];
  if (proportion) {
    for (const [phase, stratum] of strata.entries()) {
      const exact = exactHarm(stratum, question, alpha * EXACT_SHARE * 2 ** -(phase + 1));
      lows.push(exact.low);
      highs.push(exact.high);
    }
  }
  return {
    low: lows.length > 0 ? Math.max(...lows) : null,
    high: highs.length > 0 ? Math.min(...highs) : null,
  };
}

function exactHarm(stratum: Stratum, { control, treatment, better }: HarmQuestion, alpha: number): Interval {
  const [a, b] = [control, treatment].map((variant) => {
    const { count, sum } = stratum[variant] ?? { count: 0, sum: 0 };
    // Rounding of sums that were taken back and forth must not leave the scale.
    return proportionBounds(Math.min(Math.max(sum, 0), count), count, alpha / 2);
  }) as [Interval, Interval];
  return better === "decrease"
    ? { low: b.low - a.high, high: b.high - a.low }
    : { low: a.low - b.high, high: a.high - b.low };
}
