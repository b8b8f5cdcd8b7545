import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseSettings } from "../../trainer/choose-settings.ts";
import { tuneSettingsSchema } from "../../shared/contracts/job.ts";
import { readCheckpoint, writeCheckpoint } from "../../trainer/tuning/checkpoint.ts";
import { demonstrations } from "../../trainer/tuning/initial-prompt.ts";
import { prefixParameters } from "../../trainer/tuning/parametrisation.ts";
import { runTuning, type TuningRun } from "../../trainer/tuning/run-tuning.ts";
import { seededRandom, uniform } from "../gradients/random.ts";
import { randomModel, tinyArchitecture, type TinyModel } from "../gradients/tiny-model.ts";

let tiny: TinyModel;
beforeAll(async () => {
  tiny = await randomModel(tinyArchitecture);
});
afterAll(() => tiny.remove());

const labels = [
  [12, 2],
  [30, 2],
];
/** Inputs with token 9 want the first label, those with token 10 the second. */
const rows = Array.from({ length: 40 }, (_, i) => {
  const answer = i % 2;
  const context = [3 + (i % 5), 9 + answer, 20 + (i % 7)];
  return { context, completions: labels.map((l, k) => (k === answer ? l : l.slice(0, -1))), answer };
});
const facts = { rows: rows.length, tokens: 120, labels: 2, hasFirstToken: true };
const settings = tuneSettingsSchema.parse({
  method: "prefix_tuning",
  epochs: 8,
  learning_rate: 0.1,
  virtual_tokens: 4,
});

function run(change: Partial<TuningRun> = {}): TuningRun {
  const { layers, kvHeads, headSize } = tinyArchitecture;
  const start = uniform(seededRandom(9), layers * 2 * kvHeads * 4 * headSize);
  const valid = {
    split: "valid" as const,
    labelled: rows
      .slice(0, 10)
      .map((row) => ({ example: { ...row, completions: labels }, expected: row.answer })),
  };
  return {
    model: {
      architecture: tiny.architecture,
      weights: tiny.weights,
      tokensBefore: [],
      tokensAfter: [1],
      threads: 1,
    },
    settings: { ...chooseSettings(settings, facts), tokenDropout: 0.1, patience: 100 },
    parametrisation: prefixParameters(tiny.architecture, 4, start),
    examples: rows,
    answers: rows.map(({ answer }) => answer),
    valid,
    resume: null,
    progress: () => undefined,
    onState: async () => undefined,
    signal: new AbortController().signal,
    ...change,
  };
}

test("the same seed gives the same prompt bit for bit; resumed equals uninterrupted; the loss falls", async () => {
  const states: Uint8Array[] = [];
  const whole = await runTuning(
    run({ onState: async (state) => void states.push(writeCheckpoint(state, "a")) }),
  );
  expect(states.length).toBeGreaterThan(2);
  const again = await runTuning(run({ resume: readCheckpoint(states[1] as Uint8Array, "a") }));
  expect([...again.parameters]).toEqual([...whole.parameters]);
  expect(again.history).toEqual(whole.history);
  const repeated = await runTuning(run());
  expect([...repeated.parameters]).toEqual([...whole.parameters]);
  const losses = whole.history.map(({ trainLoss }) => trainLoss);
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) * 0.8);
  // Each label is a first token and the end: from chance to what the validation says.
  const accuracies = whole.history.map(({ trainAccuracy }) => trainAccuracy);
  expect(accuracies[0]).toBeLessThan(0.3);
  expect(accuracies.at(-1)).toBeCloseTo(whole.history.at(-1)?.valid?.tokenAccuracy ?? 0, 1);
});

test("inputs that are learned change the prompt, and resumed equals uninterrupted with them too", async () => {
  const examples = rows.map((row) => ({ ...row, inputTargets: [2] }));
  const states: Uint8Array[] = [];
  const onState: TuningRun["onState"] = async (state) => void states.push(writeCheckpoint(state, "a"));
  const learned = { examples, settings: { ...run().settings, inputWeight: 0.3 } };
  const whole = await runTuning(run({ ...learned, onState }));
  const resume = readCheckpoint(states[1] as Uint8Array, "a");
  const resumed = await runTuning(run({ ...learned, resume }));
  expect([...resumed.parameters]).toEqual([...whole.parameters]);
  const without = await runTuning(run({ examples }));
  expect([...without.parameters]).not.toEqual([...whole.parameters]);
});

test("an interrupted run hands on its state, then throws the reason", async () => {
  const abort = new AbortController();
  const interrupted: number[] = [];
  const stopped = runTuning(
    run({
      progress: ({ step }) => void (step === 3 && abort.abort(new Error("shut down"))),
      onState: async (state, isInterrupted) => void (isInterrupted && interrupted.push(state.step)),
      signal: abort.signal,
    }),
  );
  await expect(stopped).rejects.toThrow("shut down");
  expect(interrupted).toEqual([3]);
});

test("timers fire while tuning runs", async () => {
  let beats = 0;
  const timer = setInterval(() => beats++, 1);
  await runTuning(run());
  clearInterval(timer);
  expect(beats).toBeGreaterThan(5);
});

test("demonstrations take turns among labels, and long rows keep their ends", () => {
  const written = [
    [1, 1, 1],
    [2, 2],
    [3, 3, 3],
    [4, 4],
  ];
  const { tokens, used } = demonstrations(written, [0, 0, 1, 1], [1, 0, 3, 2], [9], 8);
  expect(tokens).toEqual([1, 9, 4, 4, 9, 2, 2, 9]);
  expect(used).toEqual(new Set([0, 1, 3]));
  const long = demonstrations(
    [
      [1, 2, 3, 4, 5, 6],
      [11, 12, 13, 14, 15],
    ],
    [0, 1],
    [0, 1],
    [9],
    6,
  );
  expect(long.tokens).toEqual([14, 15, 9, 5, 6, 9]);
  expect(demonstrations([[5]], null, [0], [9], 8).tokens).toEqual([5, 9]);
});

test("float16 products tune as far as float32 does", async () => {
  const single = await runTuning(run());
  const half = await runTuning(run({ model: { ...run().model, precision: "float16" } }));
  const losses = [single, half].map(({ history }) => history.flatMap(({ valid }) => valid?.loss ?? []));
  const [first = 0, last = 0] = [losses[0]?.[0], losses[0]?.at(-1)];
  expect(last).toBeLessThan(0.9 * first);
  expect(half.parameters).not.toEqual(single.parameters);
  expect(Math.abs((losses[1]?.at(-1) ?? 0) - last)).toBeLessThan(0.05 * (first - last));
});
