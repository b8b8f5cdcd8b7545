import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { importLlama2c } from "../../trainer/model/import-llama2c.ts";
import { packBatch, type PackedBatch } from "../../trainer/model/training-batch.ts";
import { trainingGraph } from "../../trainer/model/training-graph.ts";
import { createSession, type GraphSession } from "../../trainer/onnx/session.ts";
import { relativeError } from "./finite-differences.ts";
import { storeModel, type TinyModel } from "./tiny-model.ts";

/** What PEFT and two independent implementations agree on; see the fixture's README. */
interface Reference {
  readonly examples: readonly { input: number[]; target: number[] }[];
  readonly prompt: number[][];
  readonly loss: number;
  readonly grad: number[][];
  readonly lr: number;
  readonly adam_losses: number[];
  readonly adam_prompt: number[][];
}

const fixture = new URL("../fixtures/peft-gradient/", import.meta.url);
let reference: Reference;
let model: TinyModel;
let session: GraphSession;
let batch: PackedBatch;

beforeAll(async () => {
  reference = JSON.parse(await readFile(new URL("reference.json", fixture), "utf8")) as Reference;
  const { architecture, weights } = importLlama2c(await readFile(new URL("weights.bin", fixture)));
  model = await storeModel(architecture, new Map([...weights].map(([name, { values }]) => [name, values])));
  const tokens = reference.prompt.length;
  // Rows and label slots are left over on purpose: padding must not count.
  const layout = { batch: 4, length: 16, labels: 10 };
  batch = packBatch(
    reference.examples.map(({ input, target }) => ({ context: input, completions: [target] })),
    layout,
    tokens,
  );
  session = await createSession(
    trainingGraph(architecture, model.weights, layout, { method: "prompt", tokens }),
    {
      folder: model.weights.folder,
      threads: 1,
    },
  );
});

afterAll(async () => {
  await session.close();
  await model.remove();
});

async function step(prompt: Float32Array): Promise<{ loss: number; gradient: Float32Array }> {
  const { loss, gradient } = await session.run({ ...batch.feeds, soft_prompt: prompt });
  return { loss: Number(loss?.[0]), gradient: gradient as Float32Array };
}

test("loss and gradient of the prompt", async () => {
  const { loss, gradient } = await step(Float32Array.from(reference.prompt.flat()));
  expect(Math.abs(loss - reference.loss)).toBeLessThan(1e-5);
  expect(relativeError(gradient, reference.grad.flat())).toBeLessThan(1e-4);
});

test("losses of five Adam steps, and the prompt they lead to", async () => {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  const prompt = Float32Array.from(reference.prompt.flat());
  const mean = new Float64Array(prompt.length);
  const square = new Float64Array(prompt.length);
  const losses: number[] = [];
  for (let t = 1; t < reference.adam_losses.length; t++) {
    const { loss, gradient } = await step(prompt);
    losses.push(loss);
    for (const [i, g] of gradient.entries()) {
      const m = (mean[i] = beta1 * (mean[i] as number) + (1 - beta1) * g);
      const v = (square[i] = beta2 * (square[i] as number) + (1 - beta2) * g * g);
      const change = m / (1 - beta1 ** t) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon);
      prompt[i] = (prompt[i] as number) - reference.lr * change;
    }
  }
  losses.push((await step(prompt)).loss);
  for (const [i, loss] of losses.entries())
    expect(Math.abs(loss - (reference.adam_losses[i] as number))).toBeLessThan(1e-4);
  expect(relativeError(prompt, reference.adam_prompt.flat())).toBeLessThan(1e-4);
});
