import { beforeAll, expect, test } from "vitest";
import { loadEngine } from "../../functions/inference/engine.ts";
import { seedBaseModel, type SeededModel } from "./base-model.ts";

let model: SeededModel;
beforeAll(async () => {
  model = await seedBaseModel();
});

test("starts", async () => {
  const engine = await loadEngine(model.bucket, model.manifest);
  expect((await engine.start().append([1, 2, 3])).length).toBe(6400);
  console.log(engine.memoryBytes() / 1e6);
});
