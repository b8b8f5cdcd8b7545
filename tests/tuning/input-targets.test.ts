import { afterAll, beforeAll, expect, test } from "vitest";
import { tuneSettingsSchema } from "../../shared/contracts/job.ts";
import { chooseSettings } from "../../trainer/choose-settings.ts";
import { packBatch, type TokenizedExample } from "../../trainer/model/training-batch.ts";
import type { BatchLayout } from "../../trainer/model/training-graph.ts";
import { promptParameters } from "../../trainer/tuning/parametrisation.ts";
import { planBatches } from "../../trainer/tuning/plan-batches.ts";
import { createPromptObjective } from "../../trainer/tuning/prompt-objective.ts";
import { relativeError } from "../gradients/finite-differences.ts";
import { seededRandom, uniform } from "../gradients/random.ts";
import { randomModel, tinyArchitecture, type TinyModel } from "../gradients/tiny-model.ts";

const WEIGHT = 0.3;
const layout: BatchLayout = { batch: 1, length: 16, labels: 16, inputWeight: WEIGHT };
const rows: TokenizedExample[] = [
  { context: [4, 9, 31, 7], completions: [[12, 2]] },
  { context: [8, 5], completions: [[30, 2]] },
];
const withInputs = rows.map((row) => ({ ...row, inputTargets: [...row.context.keys()].slice(1) }));
/** The inputs as an ordinary language model's rows. */
const inputsAlone = rows.map(({ context }) => ({
  context,
  contextTargets: [...context.keys()].slice(1),
  completions: [[]],
}));

let tiny: TinyModel;
beforeAll(async () => {
  tiny = await randomModel(tinyArchitecture);
});
afterAll(() => tiny.remove());

test("inputs add their weight times a language model's gradient, and nothing to the loss that is reported", async () => {
  const model = { ...tiny, tokensBefore: [], tokensAfter: [1], threads: 1 };
  const start = uniform(seededRandom(5), 3 * tinyArchitecture.hiddenSize);
  const objective = await createPromptObjective(model, promptParameters(3, start), layout);
  const [both, targets, inputs] = [
    await objective.gradient(start, withInputs),
    await objective.gradient(start, rows),
    await objective.gradient(start, inputsAlone),
  ];
  await objective.close();
  const wanted = targets.gradient.map((g, i) => g + WEIGHT * (inputs.gradient[i] as number));
  expect(relativeError(both.gradient, wanted)).toBeLessThan(1e-5);
  expect(relativeError(targets.gradient, wanted)).toBeGreaterThan(0.1);
  expect(both.loss).toBeCloseTo(targets.loss, 5);
  expect(both.tokenAccuracy).toBe(targets.tokenAccuracy);
});

test("inputs have slots of their own, which a plan has room for", () => {
  const { feeds, slots, learned, inputs } = packBatch(withInputs, layout, 4);
  expect(slots.map(({ completions }) => completions)).toEqual([[[0, 1]], [[5, 6]]]);
  expect(learned).toHaveLength(4);
  const at = (name: string) =>
    inputs.map((slot) => (feeds[name] as Int32Array | Float32Array)[slot] as number);
  expect(at("label_ids")).toEqual([9, 31, 7, 5]);
  // Each is predicted by the token before it; the second row stands behind the first one's five tokens.
  expect(at("label_rows")).toEqual([4, 5, 6, 9]);
  for (const weight of at("label_weights")) expect(weight).toBeCloseTo(WEIGHT / 4, 6);
  const many = Array.from({ length: 30 }, () => withInputs[0] as TokenizedExample);
  const plan = planBatches(many, { batchSize: 16, epochs: 1, seed: 0 });
  for (const step of plan.steps) {
    const batch = step.map((i) => many[i] as TokenizedExample);
    expect(packBatch(batch, plan.layout, 1).inputs).toHaveLength(3 * batch.length);
  }
});

test("inputs are learned where there are labels", () => {
  const facts = { rows: 2000, tokens: 50_000, hasFirstToken: true };
  const choose = (labels: number | null) =>
    chooseSettings(tuneSettingsSchema.parse({}), { ...facts, labels });
  expect(choose(6).inputWeight).toBeGreaterThan(0);
  expect(choose(null).inputWeight).toBe(0);
});
