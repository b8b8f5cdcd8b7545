import { InvalidRequestError } from "../../../shared/errors.ts";
import { normalCdf, normalQuantile } from "./distributions.ts";
import { mixtureRatio } from "./sequential.ts";

export interface SampleSizeQuestion {
  /** Mean of the control; for a proportion its rate. */
  readonly baseline: number;
  /** The smallest difference that is to be found, absolute. */
  readonly effect: number;
  /** Variance of one unit's value; left out for a proportion, where it follows from the rate. */
  readonly variance?: number | undefined;
  readonly alpha: number;
  readonly power: number;
}

/**
 * Units per variant for a test at one look. Proportions: Fleiss, Levin & Paik 2003, "Statistical Methods for Rates and
 * Proportions", equation 4.14 (R's power.prop.test); means: the same with one variance, 2 (z_a + z_b)^2 variance / effect^2.
 * Throws InvalidRequestError when baseline and effect lead outside [0, 1].
 */
export function fixedSampleSize(question: SampleSizeQuestion): number {
  const { baseline, effect, alpha, power } = question;
  const { control, treatment } = variances(question);
  const za = normalQuantile(1 - alpha / 2);
  const zb = normalQuantile(power);
  const middle = baseline + effect / 2;
  const underNull = question.variance === undefined ? 2 * middle * (1 - middle) : control + treatment;
  return Math.ceil(((za * Math.sqrt(underNull) + zb * Math.sqrt(control + treatment)) / effect) ** 2);
}

/**
 * Units per variant at which a test that is looked at all the time has found the effect with the wanted probability.
 * Throws InvalidRequestError as above.
 *
 * The z-scores of a sequential test are a Brownian motion with drift against the mixture's boundary (see sequential.ts).
 * The boundary is concave, so each of its tangents lies above it, and the chance to cross a tangent, which is known
 * exactly (Siegmund 1985, "Sequential Analysis", equation 3.15), bounds the power from below; the best tangent is taken.
 * Between two looks the z-score may cross and come back unseen: for that the boundary is raised by 0.583 standard
 * deviations of what comes in between two looks (ibid., chapter X.2), assuming a hundred of them.
 */
export function sequentialSampleSize(question: SampleSizeQuestion): number {
  const { effect, alpha, power } = question;
  const { control, treatment } = variances(question);
  // As the test itself has it: no arm's variance is taken for smaller than the two arms' together.
  const pooled = (control + treatment) / 2;
  const variance = (Math.max(control, pooled) + Math.max(treatment, pooled)) / 2;
  const drift = Math.abs(effect) / Math.sqrt(variance);
  let low = fixedSampleSize(question);
  let high = 2 * low;
  const powerAt = (perVariant: number) => sequentialPower(drift, perVariant / 2, perVariant / 2, alpha);
  while (powerAt(high) < power) high *= 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (powerAt(middle) < power) low = middle;
    else high = middle;
  }
  return high;
}

const TANGENTS = 64;
/** Siegmund's constant, and the looks that are counted on. */
const OVERSHOOT = 0.583;
const LOOKS = 100;

/**
 * Least chance that the sequential test has decided by `effectiveUnits`.
 *
 * @param drift the difference in standard deviations of a unit
 * @param planned see `mixtureRatio`
 */
export function sequentialPower(
  drift: number,
  effectiveUnits: number,
  planned: number,
  alpha: number,
): number {
  const perUnit = mixtureRatio(1, planned, alpha);
  const room = -2 * Math.log(alpha);
  let best = 0;
  for (let i = 1; i <= TANGENTS; i++) {
    const time = (effectiveUnits * i) / TANGENTS;
    // The boundary of the sum of scores, b(t) = sqrt((t + 1/p) (log(1 + p t) + room)), and its slope.
    const spread = time + 1 / perUnit;
    const log = Math.log1p(perUnit * time) + room;
    const height = Math.sqrt(spread * log);
    const slope = (log + 1) / (2 * height);
    const intercept = height - slope * time + OVERSHOOT * Math.sqrt(effectiveUnits / LOOKS);
    best = Math.max(best, crossingProbability(intercept, drift - slope, effectiveUnits));
  }
  return best;
}

/** Chance that a Brownian motion with drift reaches a height by a time. */
function crossingProbability(height: number, drift: number, time: number): number {
  const root = Math.sqrt(time);
  const reflected = normalCdf((-height - drift * time) / root);
  // The exponential may overflow where the probability beside it is 0.
  return (
    normalCdf((drift * time - height) / root) +
    (reflected === 0 ? 0 : Math.exp(2 * height * drift) * reflected)
  );
}

function variances({ baseline, effect, variance }: SampleSizeQuestion): {
  control: number;
  treatment: number;
} {
  if (variance !== undefined) return { control: variance, treatment: variance };
  const rate = baseline + effect;
  if (
    baseline < 0 ||
    baseline > 1 ||
    rate < 0 ||
    rate > 1 ||
    baseline * (1 - baseline) + rate * (1 - rate) === 0
  ) {
    throw new InvalidRequestError(
      `Rates must lie between 0 and 1, found a baseline of ${baseline} that becomes ${rate}; give a "variance" for a metric that is no proportion`,
      { code: "invalid_value", param: "min_effect" },
    );
  }
  return { control: baseline * (1 - baseline), treatment: rate * (1 - rate) };
}
