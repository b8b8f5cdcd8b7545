import betaCdf from "@stdlib/stats-base-dists-beta-cdf";
import chiSquareCdf from "@stdlib/stats-base-dists-chisquare-cdf";
import cdf from "@stdlib/stats-base-dists-normal-cdf";
import quantile from "@stdlib/stats-base-dists-normal-quantile";

/** P(Z <= z) of a standard normal variable. */
export function normalCdf(z: number): number {
  return cdf(z, 0, 1);
}

/** The z with P(Z <= z) = p. */
export function normalQuantile(p: number): number {
  return quantile(p, 0, 1);
}

/** Density of the standard normal distribution. */
export function normalPdf(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** Probability of a deviation of at least |z| to either side. */
export function twoSidedP(z: number): number {
  return 2 * normalCdf(-Math.abs(z));
}

/** P(X > x) of a chi-square variable; exact to 1e-16 absolutely, which is plenty beside a bound of 0.001. */
export function chiSquareSurvival(x: number, degreesOfFreedom: number): number {
  return 1 - chiSquareCdf(x, degreesOfFreedom);
}

export { betaCdf };
