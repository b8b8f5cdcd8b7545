import { beforeAll, expect, it } from "vitest";
import { loadEngine } from "../../functions/inference/engine.ts";
import { loadKernelEngine } from "../../functions/kernel/engine.ts";
import { kernelModule } from "../../functions/kernel/kernel-module.ts";
import relaxed from "../../functions/kernel/kernel-relaxed.wasm";
import { describeEngine } from "../engine/contract.ts";
import { seedBaseModel, type SeededModel } from "./base-model.ts";

let model: SeededModel;
beforeAll(async () => {
  model = await seedBaseModel();
});

describeEngine("the kernel in workerd", {
  load: () => loadKernelEngine(kernelModule, model.bucket, model.manifest),
  tolerance: 0,
});

const largest = (logits: Float32Array) =>
  logits.reduce((best, value, i) => (value > (logits[best] ?? 0) ? i : best), 0);

it("answers as onnxruntime does, in less than 32 MB", async () => {
  const kernel = await loadKernelEngine(kernelModule, model.bucket, model.manifest);
  const oracle = await loadEngine(model.bucket, model.manifest);
  const ids = Array.from({ length: 80 }, (_, i) => 1 + ((i * 97) % 6000));
  const [ours, theirs] = [kernel.start(), oracle.start()];
  let [found, wanted] = [await ours.append(ids), await theirs.append(ids)];
  for (let i = 0; i < 16; i++) {
    expect(largest(found)).toBe(largest(wanted));
    const next = [largest(found)];
    [found, wanted] = [await ours.append(next), await theirs.append(next)];
  }
  expect(kernel.memoryBytes()).toBeLessThan(32 << 20);
});

it("runs the kernel built with relaxed SIMD, which workerd has", () => {
  expect(kernelModule).toBe(relaxed);
});
