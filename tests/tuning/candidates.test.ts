import { afterAll, beforeAll, expect, test } from "vitest";
import { packBatch, type TokenizedExample } from "../../trainer/model/training-batch.ts";
import { trainingGraph, type BatchLayout } from "../../trainer/model/training-graph.ts";
import { createSession, type GraphSession } from "../../trainer/onnx/session.ts";
import { finiteDifferences, relativeError } from "../gradients/finite-differences.ts";
import { seededRandom, uniform } from "../gradients/random.ts";
import { randomModel, tinyArchitecture, type TinyModel } from "../gradients/tiny-model.ts";

const END = 2;
const labels = [[12], [30, 7], [7, 21, 9]];
const row = (context: number[], answer: number, weight?: number): TokenizedExample => ({
  context,
  completions: labels.map((label, k) => (k === answer ? [...label, END] : label)),
  answer,
  ...(weight === undefined ? {} : { weight }),
});
const rows = [row([4, 9, 31], 1), row([8, 8, 5, 40], 2, 3), row([17], 0)];
const [SHARE, SMOOTHING] = [0.6, 0.1];
const layout: BatchLayout = {
  batch: 2,
  length: 16,
  labels: 24,
  candidates: { examples: 4, count: 3, share: SHARE, smoothing: SMOOTHING },
};
const slot = { method: "prompt", tokens: 3 } as const;

let tiny: TinyModel;
let session: GraphSession;
beforeAll(async () => {
  tiny = await randomModel(tinyArchitecture);
  const graph = trainingGraph(tiny.architecture, tiny.weights, layout, slot);
  session = await createSession(graph, { folder: tiny.weights.folder, threads: 1 });
});
afterAll(async () => {
  await session.close();
  await tiny.remove();
});

/** The loss by its definition, in float64, from the labels' log-probabilities. */
function lossOf(logProbabilities: ArrayLike<number>, slots: ReturnType<typeof packBatch>["slots"]): number {
  let [ofTokens, tokens, ofLabels, weights] = [0, 0, 0, 0];
  for (const [i, { answer = 0, weight = 1 }] of rows.entries()) {
    const completions = slots[i]?.completions ?? [];
    const sums = completions.map((all, k) =>
      all
        .slice(0, labels[k]?.length)
        .reduce((sum, slotIndex) => sum + Number(logProbabilities[slotIndex]), 0),
    );
    const normaliser = Math.log(sums.reduce((sum, x) => sum + Math.exp(x), 0));
    for (const [k, sum] of sums.entries()) {
      const wanted = (k === answer ? 1 - SMOOTHING : 0) + SMOOTHING / 3;
      ofLabels -= weight * wanted * (sum - normaliser);
    }
    weights += weight;
    for (const slotIndex of completions[answer] ?? []) {
      ofTokens -= weight * Number(logProbabilities[slotIndex]);
      tokens += weight;
    }
  }
  return (1 - SHARE) * (ofTokens / tokens) + SHARE * (ofLabels / weights);
}

test("loss among labels and its gradient are those of its definition", async () => {
  const { feeds, slots } = packBatch(rows, layout, slot.tokens);
  const soft_prompt = uniform(seededRandom(3), slot.tokens * tinyArchitecture.hiddenSize);
  const all = { ...feeds, soft_prompt };
  const { loss, gradient, log_probabilities } = await session.run(all);
  expect(Number(loss?.[0])).toBeCloseTo(lossOf(log_probabilities as Float32Array, slots), 5);
  const wanted = await finiteDifferences(soft_prompt, async () => {
    const outputs = await session.run(all, ["log_probabilities"]);
    return lossOf(outputs["log_probabilities"] as Float32Array, slots);
  });
  expect(relativeError(gradient as Float32Array, wanted.values())).toBeLessThan(1e-3);
});

test("more examples than there is room for are refused", () => {
  const wide = { ...layout, batch: 8, labels: 64 };
  expect(() => packBatch([...rows, ...rows], wide, slot.tokens)).toThrow(
    "Batch has 6 examples with candidates, found room for 4",
  );
});
