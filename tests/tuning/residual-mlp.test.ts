import { expect, test } from "vitest";
import { createRandom } from "../../shared/random.ts";
import { prefixParameters, promptParameters, withFirstFrozen } from "../../trainer/tuning/parametrisation.ts";
import { residualMlpParameters } from "../../trainer/tuning/residual-mlp.ts";
import { tinyArchitecture } from "../gradients/tiny-model.ts";

const TOKENS = 3;
const WIDTH = 6;
const random = createRandom(5);
const normal = (length: number) => Float32Array.from({ length }, () => random.normal());

test("tuning begins at the vectors given", () => {
  const start = normal(TOKENS * WIDTH);
  const { start: parameters, toSlot } = residualMlpParameters(TOKENS, WIDTH, start, 1, 4);
  expect([...toSlot(parameters)]).toEqual([...start]);
});

const vectors = normal(TOKENS * WIDTH);
const free = residualMlpParameters(TOKENS, WIDTH, vectors, 1, 4);
test.each([
  ["all vectors free", free],
  ["the first one frozen", withFirstFrozen(free, WIDTH)],
])("the gradient equals central differences: %s", (_, made) => {
  // Away from the start, where the norm's gain is zero and hides everything ahead of it.
  const parameters = made.start.map((p) => p + 0.3 * random.normal());
  const weights = normal(TOKENS * WIDTH);
  const loss = (at: Float32Array) =>
    made.toSlot(at).reduce((sum, y, i) => sum + y * (weights[i] as number), 0);
  const gradient = made.pullBack(parameters, weights);
  // Small, so that no rectifier's kink lies between.
  const step = 2e-3;
  let [error, size] = [0, 0];
  for (const i of parameters.keys()) {
    const moved = (by: number) => parameters.with(i, (parameters[i] as number) + by);
    const wanted = (loss(moved(step)) - loss(moved(-step))) / (2 * step);
    error += (wanted - (gradient[i] as number)) ** 2;
    size += wanted ** 2;
  }
  expect(Math.sqrt(error / size)).toBeLessThan(2e-3);
});

test("a frozen first vector stays, whatever the parameters", () => {
  const frozen = withFirstFrozen(promptParameters(TOKENS, vectors), WIDTH);
  const moved = frozen.toSlot(vectors.map((x) => x + 1));
  expect(moved.slice(0, WIDTH)).toEqual(vectors.slice(0, WIDTH));
  expect(moved[WIDTH]).toBeCloseTo((vectors[WIDTH] as number) + 1);
});

test("a prefix's first position gets no gradient", () => {
  const { layers, kvHeads, headSize } = tinyArchitecture;
  const tokens = 3;
  const size = layers * 2 * kvHeads * tokens * headSize;
  const { start, pullBack } = prefixParameters(tinyArchitecture, tokens, new Float32Array(size));
  const gradient = pullBack(start, new Float32Array(size).fill(1));
  for (const [i, g] of gradient.entries()) {
    const position = Math.floor(i / headSize) % tokens;
    expect(g).toBe(position === 0 ? 0 : 1);
  }
});
