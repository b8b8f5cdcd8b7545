import { expect, test } from "vitest";
import { readCheckpoint, writeCheckpoint } from "../../trainer/tuning/checkpoint.ts";
import { metricsCsv } from "../../trainer/tuning/metrics-csv.ts";
import type { Objective } from "../../trainer/tuning/objective.ts";
import { adamW } from "../../trainer/tuning/optimiser.ts";
import { tune, type TuneOptions, type TuneState } from "../../trainer/tuning/tune.ts";

const TARGET = Float32Array.of(1, -2, 3);

/** Squared distance from the target; each batch of k examples pulls with its own noise. */
const parabola: Objective = {
  tokensPerStep: 1,
  async gradient(parameters, batch) {
    const noise = batch.length / 100;
    const gradient = parameters.map((p, i) => p - (TARGET[i] as number) + noise);
    const loss = gradient.reduce((sum, g) => sum + g * g, 0) / 2;
    return { loss, gradient, tokenAccuracy: 1 / (1 + loss) };
  },
};
const example = { context: [1], completions: [[2]] };
const options = (change: Partial<TuneOptions> = {}): TuneOptions => ({
  start: new Float32Array(3),
  steps: Array.from({ length: 40 }, (_, i) => [Array.from({ length: 1 + (i % 5) }, () => example)]),
  optimiser: adamW(),
  learningRate: 0.3,
  averaging: 0.9,
  onStep: () => undefined,
  signal: new AbortController().signal,
  ...change,
});
const distance = async (parameters: Float32Array) => ({
  loss: parameters.reduce((sum, p, i) => sum + (p - (TARGET[i] as number)) ** 2, 0),
  tokenAccuracy: 0.5,
});

test("killed and resumed from its checkpoint equals uninterrupted", async () => {
  const validation = { every: 4, patience: 100, measure: distance };
  const whole = await tune(parabola, options({ validation }));
  const abort = new AbortController();
  const states: Uint8Array[] = [];
  const onState = async (state: TuneState) => void states.push(writeCheckpoint(state, "run"));
  const onStep = ({ step }: { step: number }) => {
    if (step === 17) abort.abort(new Error("killed"));
  };
  await expect(
    tune(parabola, options({ validation, onState, onStep, signal: abort.signal })),
  ).rejects.toThrow("killed");
  const last = states.at(-1) ?? new Uint8Array();
  const resume = readCheckpoint(last, "run");
  expect(resume?.step).toBe(17);
  expect(readCheckpoint(last, "another run")).toBeNull();
  const resumed = await tune(parabola, options({ validation, resume: resume ?? undefined }));
  expect([...resumed.parameters]).toEqual([...whole.parameters]);
  expect(resumed.history).toEqual(whole.history);
  expect(whole.earlier).toHaveLength(3);
  expect(resumed.earlier).toEqual(whole.earlier);
});

test("stops when validation gets no better, and keeps the best", async () => {
  const losses = [5, 4, 3, 3.5, 3.2, 3.1, 1];
  let asked = 0;
  const seen: Float32Array[] = [];
  const measure = async (parameters: Float32Array) => {
    seen.push(parameters);
    return { loss: losses[asked++] as number, tokenAccuracy: 0 };
  };
  const tuned = await tune(parabola, options({ validation: { every: 3, patience: 3, measure } }));
  expect(tuned).toMatchObject({ stopped: "early", bestStep: 6, steps: 15 });
  expect(tuned.parameters).toBe(seen[2]);
});

test("keeps the start where nothing beats it", async () => {
  let asked = 0;
  const measure = async () => ({ loss: asked++, tokenAccuracy: 0 });
  const tuned = await tune(parabola, options({ validation: { every: 5, patience: 2, measure } }));
  expect(tuned.bestStep).toBe(0);
  expect([...tuned.parameters]).toEqual([0, 0, 0]);
});

test.each([
  ["a loss that is no number", (step: number) => (step < 12 ? 1 : Number.NaN), 11],
  ["a loss that grows to three times its start", (step: number) => (step < 15 ? 1 : 9), 18],
])("ends early on %s", async (_, lossAt, steps) => {
  let step = 0;
  const diverging: Objective = {
    tokensPerStep: 1,
    gradient: async (parameters) => ({
      loss: lossAt(step++),
      gradient: parameters.map(() => 1),
      tokenAccuracy: 0,
    }),
  };
  const validation = { every: 4, patience: 100, measure: distance };
  const tuned = await tune(diverging, options({ validation }));
  expect(tuned.stopped).toBe("diverged");
  expect(Math.abs(tuned.steps - steps)).toBeLessThanOrEqual(2);
  expect(tuned.parameters.every(Number.isFinite)).toBe(true);
});

test("gradients of a step's batches are averaged", async () => {
  const gradients: number[] = [];
  const record = adamW();
  const optimiser = {
    ...record,
    update: (...args: Parameters<typeof record.update>) => {
      gradients.push(args[1][0] as number);
      return record.update(...args);
    },
  };
  const [a, b] = [[example], [example, example, example]];
  const constant: Objective = {
    tokensPerStep: 1,
    gradient: async (parameters, batch) => ({
      loss: 1,
      gradient: parameters.map(() => batch.length / 10),
      tokenAccuracy: batch.length / 4,
    }),
  };
  const { history } = await tune(constant, options({ optimiser, steps: [[a, b]] }));
  expect(gradients[0]).toBeCloseTo(0.2, 6);
  expect(history[0]?.trainAccuracy).toBeCloseTo(0.5, 6);
});

test("metrics as CSV, with OpenAI's columns", () => {
  const history = [
    { step: 1, trainLoss: 2.5, trainAccuracy: 0.25 },
    { step: 2, trainLoss: 2, trainAccuracy: 0.375, valid: { loss: 1.25, tokenAccuracy: 0.5 } },
  ];
  expect(metricsCsv(history)).toBe(
    "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n1,2.50000,0.25000,,\n2,2.00000,0.37500,1.25000,0.50000\n",
  );
});
