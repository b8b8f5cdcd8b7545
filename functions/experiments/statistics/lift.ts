import type { Comparison } from "./compare.ts";
import type { Interval } from "./sequential.ts";
import { varianceOf } from "./standardise.ts";

/** Relative change of the treatment against the control. */
export interface Lift {
  readonly lift: number | null;
  /** Null where the control's mean may be 0: then any ratio may be true. */
  readonly interval: Interval | null;
}

/**
 * The lift and its interval by Fieller's theorem (Fieller 1954, "Some problems in interval estimation", JRSS B 16(2)): the
 * ratios r whose contrast "treatment - r control", a mean like any other, cannot be told from 0. With a sequential critical
 * value the interval holds at every look.
 *
 * @param critical half-width in standard errors
 */
export function liftOf({ control, treatment }: Comparison, critical: number): Lift {
  if (control.mean === 0) return { lift: null, interval: null };
  const lift = treatment.mean / control.mean - 1;
  const scale = critical * critical;
  const a = control.mean ** 2 - scale * varianceOf(control);
  const b = control.mean * treatment.mean;
  const c = treatment.mean ** 2 - scale * varianceOf(treatment);
  const root = b * b - a * c;
  if (a <= 0 || root < 0) return { lift, interval: null };
  const bounds = [(b - Math.sqrt(root)) / a - 1, (b + Math.sqrt(root)) / a - 1] as const;
  return { lift, interval: { low: bounds[0], high: bounds[1] } };
}
