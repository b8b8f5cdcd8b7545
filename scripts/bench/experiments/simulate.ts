import { assess, type Assessment, type PhaseData } from "../../../functions/experiments/assess.ts";
import { define } from "../../../functions/experiments/define.ts";
import { experimentInputSchema, type ExperimentDefinition } from "../../../shared/contracts/experiment.ts";
import type { Random } from "../../../shared/random.ts";

/** One simulated unit's value, given its variant. */
export type Draw = (variant: number, random: Random) => number;

/** A definition with one metric, as the API would fill it in; the built-in metrics are left out for speed. */
export function definitionFor(input: object, metric: object): ExperimentDefinition {
  const { definition } = define(
    experimentInputSchema.parse({
      name: "simulated",
      variants: [
        { key: "a", model: "a" },
        { key: "b", model: "b" },
      ],
      metrics: [metric],
      ...input,
    }),
  );
  return { ...definition, metrics: definition.metrics.slice(0, 1) };
}

/** Units of each variant within one phase, and what their values come to. */
export interface SimulatedPhase {
  readonly shares: readonly number[];
  readonly units: number[];
  readonly sums: number[];
  readonly squares: number[];
}

export function newPhase(shares: readonly number[]): SimulatedPhase {
  const zeros = () => shares.map(() => 0);
  return { shares, units: zeros(), sums: zeros(), squares: zeros() };
}

/** Lets one more unit come. Gives its variant. */
export function addUnit(phase: SimulatedPhase, draw: Draw, random: Random): number {
  const point = random.next();
  let variant = 0;
  for (let end = phase.shares[0] as number; point >= end && variant < phase.shares.length - 1;) {
    variant++;
    end += phase.shares[variant] as number;
  }
  const value = draw(variant, random);
  phase.units[variant] = (phase.units[variant] as number) + 1;
  phase.sums[variant] = (phase.sums[variant] as number) + value;
  phase.squares[variant] = (phase.squares[variant] as number) + value * value;
  return variant;
}

/** What the product itself makes of the numbers so far. */
export function lookAt(definition: ExperimentDefinition, phases: readonly SimulatedPhase[]): Assessment {
  const key = definition.metrics[0]?.key ?? "";
  const data = phases.map(({ shares, units, sums, squares }, phase): PhaseData => {
    const arms = units.map((count, i) => ({
      moments: { count, sum: sums[i] as number, sumOfSquares: squares[i] as number },
      covariate: { count: 0, x: 0, xx: 0, xy: 0, y: 0 },
    }));
    return { phase, shares, units, metrics: new Map([[key, arms]]) };
  });
  return assess(definition, data);
}

export const bernoulli =
  (...rates: readonly number[]): Draw =>
  (variant, random) =>
    random.next() < (rates[variant] as number) ? 1 : 0;

/** Skewed like money and latency: the exponential of a normal variable. */
export const logNormal: Draw = (_variant, random) => Math.exp(random.normal());
