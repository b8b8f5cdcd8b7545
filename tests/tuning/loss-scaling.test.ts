import { expect, it } from "vitest";
import type { Tensors } from "../../trainer/onnx/session.ts";
import { createLossScaling } from "../../trainer/tuning/loss-scaling.ts";

/** A graph whose gradient goes through float16, with all that is too large or too small for it. */
function step(slope: number) {
  const scales: number[] = [];
  const run = async ({ label_weights }: Tensors): Promise<Tensors> => {
    const weight = Number(label_weights?.[0]);
    scales.push(weight);
    const gradient = Math.f16round(slope * weight);
    return {
      loss: Float32Array.of(3 * weight),
      gradient: Float32Array.of(gradient),
      other: Int32Array.of(7),
    };
  };
  return { run, scales };
}
const feeds = { label_weights: Float32Array.of(1), ids: Int32Array.of(5) };

it("keeps a gradient that float16 would make zero", async () => {
  const tiny = step(1e-8);
  expect(Math.f16round(1e-8)).toBe(0);
  const outputs = await createLossScaling("float16").run(feeds, tiny.run);
  expect(outputs["gradient"]?.[0]).toBeCloseTo(1e-8, 10);
  expect(outputs).toMatchObject({ loss: Float32Array.of(3), other: Int32Array.of(7) });
});

it("halves the scale until a gradient fits, and begins there the next time", async () => {
  const steep = step(100);
  const scaling = createLossScaling("float16");
  const outputs = await scaling.run(feeds, steep.run);
  expect(outputs["gradient"]).toEqual(Float32Array.of(100));
  expect(steep.scales).toEqual([4096, 2048, 1024, 512]);
  await scaling.run(feeds, steep.run);
  expect(steep.scales.slice(4)).toEqual([512]);
});

it("gives back what is not finite at any scale", async () => {
  const diverged = step(Number.NaN);
  const { gradient } = await createLossScaling("float16").run(feeds, diverged.run);
  expect(gradient?.[0]).toBeNaN();
  expect(diverged.scales.at(-1)).toBe(1);
});

it("leaves float32 alone", async () => {
  const plain = step(1);
  await createLossScaling().run(feeds, plain.run);
  expect(plain.scales).toEqual([1]);
});
