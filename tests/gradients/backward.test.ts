import { expect, test } from "vitest";
import { gradients, GradientError, UnsupportedOperatorError } from "../../trainer/autodiff/backward.ts";
import { Graph, type Value } from "../../trainer/onnx/graph.ts";
import { createSession } from "../../trainer/onnx/session.ts";

const total = (graph: Graph, x: Value) => graph.op("ReduceSum", [x, graph.ints([0])], { keepdims: 0 });

test("a value used several times receives the sum of its gradients", async () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2]);
  const square = graph.op("Mul", [x, x]);
  const y = graph.op("Add", [graph.op("Mul", [square, x]), graph.op("Add", [square, x])]);
  const [gradient] = gradients(graph, total(graph, y), [x]);
  graph.output("gradient", gradient as Value);
  const session = await createSession(graph);
  const results = await session.run({ x: Float32Array.of(2, -1) });
  // y = x^3 + x^2 + x
  expect([...(results["gradient"] as Float32Array)]).toEqual([3 * 4 + 2 * 2 + 1, 3 - 2 + 1]);
  await session.close();
});

test("the gradient of a value in the middle of the graph, and of several at once", async () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2]);
  const middle = graph.op("Mul", [x, graph.scalar(3)]);
  const loss = total(graph, graph.op("Mul", [middle, middle]));
  const [ofX, ofMiddle] = gradients(graph, loss, [x, middle]) as [Value, Value];
  graph.output("of_x", ofX);
  graph.output("of_middle", ofMiddle);
  const session = await createSession(graph);
  const results = await session.run({ x: Float32Array.of(1, 2) });
  expect([...(results["of_x"] as Float32Array)]).toEqual([18, 36]);
  expect([...(results["of_middle"] as Float32Array)]).toEqual([6, 12]);
  await session.close();
});

test("frozen weights get no gradient nodes", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [1, 3]);
  const weight = graph.constant(new Float32Array(6).fill(1), [3, 2]);
  const loss = total(graph, graph.op("Reshape", [graph.op("MatMul", [x, weight]), graph.ints([2])]));
  const forward = graph.nodes.length;
  gradients(graph, loss, [x]);
  const products = graph.nodes.slice(forward).filter(({ op }) => op === "MatMul" || op === "FusedMatMul");
  expect(products).toHaveLength(1);
  expect(products[0]?.outputs[0]?.shape).toEqual([1, 3]);
});

test("an operator without a rule is refused by name, opset and node", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2, 3]);
  const highest = graph.op("ReduceMax", [x, graph.ints([-1])], { keepdims: 0 });
  const loss = total(graph, highest);
  expect(() => gradients(graph, loss, [x])).toThrow(UnsupportedOperatorError);
  expect(() => gradients(graph, loss, [x])).toThrow(
    expect.objectContaining({ op: "ReduceMax", opset: 21, node: highest.name, code: "unsupported_operator" }),
  );
});

test("an operator without a rule does no harm off the path from the values to the loss", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [3]);
  const other = graph.input("other", "float32", [3, 2]);
  const shift = graph.op("ReduceMax", [other, graph.ints([-1])], { keepdims: 0 });
  const loss = total(graph, graph.op("Mul", [x, shift]));
  graph.op("ReduceMax", [x, graph.ints([0])], { keepdims: 0 });
  expect(gradients(graph, loss, [x])[0]?.shape).toEqual([3]);
});

test("nothing flows into an index", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [3]);
  const table = graph.constant(Float32Array.of(1, 2, 3), [3]);
  const picked = graph.op("Gather", [table, graph.op("ArgMax", [x], { axis: 0, keepdims: 0 })]);
  const loss = total(graph, graph.op("Mul", [x, picked]));
  const forward = graph.nodes.length;
  gradients(graph, loss, [x]);
  expect(graph.nodes.slice(forward).map(({ op }) => op)).not.toContain("ScatterND");
});

test("a loss that is no scalar, or that ignores the value", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [3]);
  const other = graph.input("other", "float32", [3]);
  expect(() => gradients(graph, x, [x])).toThrow(GradientError);
  expect(() => gradients(graph, total(graph, other), [x])).toThrow('does not depend on "x"');
});
