import { expect, test } from "vitest";
import { InternalError } from "../../shared/errors.ts";
import { Graph } from "../../trainer/onnx/graph.ts";
import { createSession, FeedError } from "../../trainer/onnx/session.ts";
import { randomModel, tinyArchitecture } from "./tiny-model.ts";

function halving(): Graph {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2, 2]);
  graph.output("half", graph.op("Mul", [x, graph.scalar(0.5)]));
  graph.output("same", x);
  return graph;
}

test("runs a graph, all outputs or some", async () => {
  const session = await createSession(halving());
  const x = Float32Array.of(1, 2, 3, 4);
  expect(await session.run({ x })).toEqual({ half: Float32Array.of(0.5, 1, 1.5, 2), same: x });
  expect(Object.keys(await session.run({ x }, ["half"]))).toEqual(["half"]);
  await session.close();
});

test("feeds of another type or size are refused by name", async () => {
  const session = await createSession(halving());
  await expect(session.run({})).rejects.toThrow('Input "x" wants float32 of 4 [2,2], found nothing');
  await expect(session.run({ x: new Float32Array(3) })).rejects.toThrow("found float32 of 3");
  await expect(session.run({ x: new Int32Array(4) })).rejects.toThrow(FeedError);
  await session.close();
});

test("an unknown weight is refused by name", async () => {
  const { weights, remove } = await randomModel(tinyArchitecture);
  expect(() => weights.in(new Graph(), "model.norm.bias")).toThrow(InternalError);
  expect(() => weights.in(new Graph(), "model.norm.bias")).toThrow('Weight "model.norm.bias"');
  await remove();
});
