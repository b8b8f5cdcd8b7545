import { expect, test } from "vitest";
import { gradients } from "../../trainer/autodiff/backward.ts";
import { gradientTable } from "../../trainer/autodiff/gradients.ts";
import { Graph } from "../../trainer/onnx/graph.ts";
import { createSession } from "../../trainer/onnx/session.ts";
import { elementCount } from "../../trainer/onnx/shapes.ts";
import { finiteDifferences, relativeError } from "./finite-differences.ts";
import { seededRandom, uniform } from "./random.ts";
import { ruleCases, type RuleCase } from "./rule-cases.ts";

const title = ({ op, shapes, note }: RuleCase) =>
  `${op} of ${shapes.map((shape) => `[${shape}]`).join(", ")}${note ? `: ${note}` : ""}`;

test.each(ruleCases.map((item, seed) => [title(item), item, seed] as const))("%s", async (_, item, seed) => {
  const random = seededRandom(seed + 1);
  const graph = new Graph();
  const inputs = item.shapes.map((shape, i) => graph.input(`x${i}`, "float32", shape));
  const outputs = item.build?.(graph, inputs) ?? graph.ops(item.op, inputs, item.attributes);
  const weights = outputs.map(({ shape }) => uniform(random, elementCount(shape)));

  // The loss weighs every output element differently, so that no error can cancel.
  const terms = outputs.map((output, k) => {
    const weight = graph.constant(weights[k] as Float32Array, output.shape.map(Number));
    const product = graph.op("Reshape", [graph.op("Mul", [output, weight]), graph.ints([-1])]);
    return graph.op("ReduceSum", [product, graph.ints([0])], { keepdims: 0 });
  });
  const loss = terms.reduce((sum, term) => graph.op("Add", [sum, term]));
  const found = gradients(graph, loss, inputs);
  for (const [i, gradient] of found.entries()) {
    expect(gradient.shape).toEqual(item.shapes[i]);
    graph.output(`gradient${i}`, gradient);
  }
  for (const [k, output] of outputs.entries()) graph.output(`y${k}`, output);
  graph.prune();

  const feeds = Object.fromEntries(
    inputs.map(({ name, shape }) => [
      name,
      uniform(random, elementCount(shape), ...(item.domain ?? [-1, 1])),
    ]),
  );
  const session = await createSession(graph, { threads: 1 });
  const results = await session.run(feeds);
  // Weighed and summed in float64: float32 rounding of a sum would drown the differences.
  const names = outputs.map((_output, k) => `y${k}`);
  const lossInDouble = async () => {
    const values = await session.run(feeds, names);
    return names.reduce(
      (sum, name, k) => sum + dot(values[name] as Float32Array, weights[k] as Float32Array),
      0,
    );
  };
  for (const [i, { name }] of inputs.entries()) {
    const wanted = await finiteDifferences(feeds[name] as Float32Array, lossInDouble);
    const gradient = results[`gradient${i}`] as Float32Array;
    expect(relativeError(gradient, wanted.values()), `gradient of input ${i}`).toBeLessThan(3e-4);
  }
  await session.close();
});

test("every operator with a rule has a case", () => {
  const withRule = Object.entries(gradientTable).flatMap(([op, entry]) => (entry === "none" ? [] : [op]));
  expect(withRule.filter((op) => !ruleCases.some((item) => item.op === op))).toEqual([]);
});

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
