import { expect, test } from "vitest";
import { confusionMatrix, macroF1, scoreLabels, scoreText } from "../../trainer/tuning/evaluate.ts";
import { validationOf } from "../../trainer/tuning/validation.ts";

const example = {
  context: [1],
  completions: [
    [5, 2],
    [6, 7, 2],
  ],
};
const completion = (logProbabilities: number[], correct: number) => ({ logProbabilities, correct });

/** Two rows, two labels; the last token of each completion is the end token. */
const scores = [
  [completion([-1, -0.5], 1), completion([-0.25, -0.5, -3], 2)],
  [completion([-2, -0.1], 1), completion([-0.5, -0.5, -0.5], 3)],
];

test("labels win by the sum over their tokens, the end token left out", async () => {
  const rows = [
    { example, expected: 0 },
    { example, expected: 1 },
  ];
  const result = await scoreLabels(async () => scores, rows);
  expect(result.predictions).toEqual([1, 1]);
  expect(result.accuracy).toBe(0.5);
  expect(result.loss).toBeCloseTo((1.5 + 1.5) / 5, 9);
  expect(result.token_accuracy).toBeCloseTo(4 / 5, 9);
  expect(result.exact_match).toBe(0.5);
  expect(result.confusion).toEqual([
    [0, 1],
    [0, 1],
  ]);
  // Label 0: never predicted, 0. Label 1: precision 1/2, recall 1.
  expect(result.macro_f1).toBeCloseTo((0 + 2 / 3) / 2, 9);
  const { loss } = validationOf({ split: "valid", labelled: rows }, scores);
  const crossEntropy = (right: number, wrong: number) => Math.log(1 + Math.exp(wrong - right));
  expect(loss).toBeCloseTo((crossEntropy(-1, -0.75) + crossEntropy(-1, -2)) / 2, 9);
});

test("free text: loss a token, and whole answers", async () => {
  const result = await scoreText(
    async () => [[completion([-1, -2], 2)], [completion([-3], 0)]],
    [example, example],
  );
  expect(result).toEqual({ loss: 2, token_accuracy: 2 / 3, exact_match: 0.5, accuracy: null });
});

test("macro-F1 over labels that occur", () => {
  const confusion = confusionMatrix(3, [0, 0, 0, 1], [0, 0, 1, 1]);
  expect(confusion).toEqual([
    [2, 1, 0],
    [0, 1, 0],
    [0, 0, 0],
  ]);
  expect(macroF1(confusion)).toBeCloseTo((4 / 5 + 2 / 3) / 2, 9);
});
