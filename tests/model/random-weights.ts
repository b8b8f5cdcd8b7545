import type { Architecture } from "../../shared/contracts/model.ts";
import { createRandom } from "../../shared/random.ts";
import { weightShapes } from "../../trainer/model/architecture.ts";
import type { FloatWeight } from "../../trainer/model/quantisation.ts";

/** Weights whose products keep about the size of their inputs, the same on every call. */
export function randomWeights(architecture: Architecture): Map<string, FloatWeight> {
  const random = createRandom(1);
  return new Map(
    [...weightShapes(architecture)].map(([name, shape]) => {
      const isGain = name.includes("norm");
      const deviation = isGain || name.includes("embed") ? 0.5 : 1 / Math.sqrt(shape.at(-1) as number);
      const count = shape.reduce((product, size) => product * size, 1);
      const values = Float32Array.from(
        { length: count },
        () => random.normal() * deviation + (isGain ? 1 : 0),
      );
      return [name, { shape, values }];
    }),
  );
}
