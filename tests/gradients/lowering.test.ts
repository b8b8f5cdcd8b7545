import { expect, test } from "vitest";
import type { BatchLayout } from "../../trainer/model/training-graph.ts";
import { Graph } from "../../trainer/onnx/graph.ts";
import { lower } from "../../trainer/onnx/lowering.ts";
import { createSession } from "../../trainer/onnx/session.ts";
import { relativeError } from "./finite-differences.ts";
import { tinyStep } from "./tiny-step.ts";

const layout: BatchLayout = { batch: 1, length: 16, labels: 4 };
const rows = [{ context: [4, 9, 31], completions: [[12, 40]] }];

test.each(["prompt", "prefix"] as const)("loss and gradient of a %s stay what they were", async (method) => {
  const step = await tinyStep(method, layout, rows);
  const compute = async (provider: string) => {
    const operators = new Set<string>();
    const result = await step.compute({}, (graph) => {
      lower(graph, provider);
      for (const { op } of graph.nodes) operators.add(op);
    });
    return { ...result, operators };
  };
  const usual = await compute("cpu");
  const lowered = await compute("webgpu");
  expect(usual.operators).toContain("FusedMatMul");
  expect(lowered.operators).not.toContain("FusedMatMul");
  expect(lowered.operators).not.toContain("LogSoftmax");
  expect(lowered.loss).toBeCloseTo(usual.loss, 5);
  expect(relativeError([...lowered.gradient], [...usual.gradient])).toBeLessThan(1e-5);
  await step.remove();
});

test("the logarithm of a probability too small for a float stays finite", async () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2, 3]);
  graph.output("y", graph.op("LogSoftmax", [x], { axis: -1 }));
  lower(graph, "webgpu");
  const session = await createSession(graph);
  const { y } = await session.run({ x: Float32Array.of(0, -200, 500, 1, 1, 1) });
  await session.close();
  expect([...(y as Float32Array)].map((z) => Math.round(z * 1000) / 1000)).toEqual([
    -500, -700, 0, -1.099, -1.099, -1.099,
  ]);
});
