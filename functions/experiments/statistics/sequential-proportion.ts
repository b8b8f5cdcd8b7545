import type { Interval } from "./sequential.ts";

const BISECTIONS = 60;

/**
 * Bounds of one proportion that hold at every look, exactly, from the first unit on: where Robbins' Beta mixture of
 * likelihoods, B(x + 1/2, n - x + 1/2) / B(1/2, 1/2), is less than 1/alpha times the likelihood of p (Robbins 1970,
 * "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical Statistics 41(5)). By the
 * inequality of weighted means it holds for any values in [0, 1] with sum x, not for zeros and ones alone.
 */
export function proportionBounds(sum: number, count: number, alpha: number): Interval {
  if (count === 0) return { low: 0, high: 1 };
  const mixture = logBeta(sum + 0.5, count - sum + 0.5) - Math.log(Math.PI);
  const excluded = (p: number) =>
    mixture - weighted(sum, Math.log(p)) - weighted(count - sum, Math.log1p(-p)) > -Math.log(alpha);
  const mean = sum / count;
  return { low: boundary(mean, 0, excluded), high: boundary(mean, 1, excluded) };
}

/** The last p between the mean, which is never excluded, and the end of the scale. */
function boundary(mean: number, end: number, excluded: (p: number) => boolean): number {
  let inside = mean;
  let outside = end;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (inside + outside) / 2;
    if (excluded(middle)) outside = middle;
    else inside = middle;
  }
  return inside;
}

/** 0 log 0 is 0. */
function weighted(weight: number, log: number): number {
  return weight === 0 ? 0 : weight * log;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

const STIRLING_FROM = 10;

/** Stirling's series, from where it is exact to 1e-12 (Abramowitz & Stegun 1964, 6.1.41), reached by recurrence. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < STIRLING_FROM; z++) shift += Math.log(z);
  const inverse = 1 / (z * z);
  const series =
    (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / z;
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - shift;
}
