import type { Moments } from "../../functions/experiments/statistics/moments.ts";

/** Moments of units of which some have the value 1 and all others 0. */
export function proportion(successes: number, units: number): Moments {
  return { count: units, sum: successes, sumOfSquares: successes };
}

export function momentsOf(values: readonly number[]): Moments {
  return {
    count: values.length,
    sum: values.reduce((sum, x) => sum + x, 0),
    sumOfSquares: values.reduce((sum, x) => sum + x * x, 0),
  };
}

/** Integral by Simpson's rule. */
export function integrate(f: (x: number) => number, from: number, to: number, cells = 20_000): number {
  const width = (to - from) / cells;
  let sum = f(from) + f(to);
  for (let i = 1; i < cells; i++) sum += f(from + i * width) * (i % 2 === 1 ? 4 : 2);
  return (sum * width) / 3;
}
