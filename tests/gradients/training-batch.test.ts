import { expect, test } from "vitest";
import { MASKED } from "../../trainer/model/shared-attention.ts";
import { packBatch, packRows, PackingError } from "../../trainer/model/training-batch.ts";

test("rows are filled first-fit, longest first", () => {
  expect(packRows([3, 7, 5, 2, 8], 10)).toEqual([[4, 3], [1, 0], [2]]);
  expect(packRows([], 10)).toEqual([]);
  expect(() => packRows([4, 11], 10)).toThrow("Example 1 has 11 tokens, a row holds 10");
});

test("tokens, labels and slots of two examples in one row", () => {
  const { feeds, slots } = packBatch(
    [
      { context: [10, 11], completions: [[12]] },
      { context: [20, 21, 22], contextTargets: [1], completions: [[23, 24], [25]], weight: 2 },
    ],
    { batch: 2, length: 8, labels: 7 },
    5,
  );
  expect([...(feeds["ids"] as Int32Array)].slice(0, 8)).toEqual([20, 21, 22, 23, 10, 11, 0, 0]);
  expect([...(feeds["positions"] as Int32Array)].slice(0, 8)).toEqual([0, 1, 2, 3, 0, 1, 0, 0]);
  expect(slots).toEqual([
    { contextTargets: [], completions: [[4]] },
    { contextTargets: [0], completions: [[1, 2], [3]] },
  ]);
  // Counted from the first shared token, of which there are five.
  expect([...(feeds["label_rows"] as Int32Array)]).toEqual([5, 7, 8, 7, 10, 0, 0]);
  expect([...(feeds["label_ids"] as Int32Array)]).toEqual([21, 23, 24, 25, 12, 0, 0]);
  const weights = [...(feeds["label_weights"] as Float32Array)];
  for (const [i, wanted] of [2, 2, 2, 2, 1, 0, 0].entries()) expect(weights[i]).toBeCloseTo(wanted / 9, 6);
});

test("alternatives see the context and themselves, and have the same positions", () => {
  const length = 6;
  const { feeds } = packBatch(
    [
      {
        context: [1, 2],
        completions: [
          [3, 4, 5],
          [6, 7],
        ],
      },
    ],
    { batch: 1, length, labels: 5 },
    0,
  );
  expect([...(feeds["ids"] as Int32Array)]).toEqual([1, 2, 3, 4, 6, 0]);
  expect([...(feeds["positions"] as Int32Array)]).toEqual([0, 1, 2, 3, 2, 0]);
  const mask = feeds["mask"] as Float32Array;
  const seen = (token: number) =>
    [...mask.subarray(token * length, (token + 1) * length)].map((m) => (m === MASKED ? 0 : 1));
  expect(seen(0)).toEqual([1, 0, 0, 0, 0, 0]);
  expect(seen(3)).toEqual([1, 1, 1, 1, 0, 0]);
  expect(seen(4)).toEqual([1, 1, 0, 0, 1, 0]);
});

test("what does not fit is refused", () => {
  const example = { context: [1, 2, 3], completions: [[4]] };
  expect(() => packBatch([example, example], { batch: 1, length: 4, labels: 4 }, 0)).toThrow(
    "need 2 rows of 4 tokens, found 1",
  );
  expect(() => packBatch([example, example], { batch: 2, length: 4, labels: 1 }, 0)).toThrow(
    "have 2 labels, found 1 slots",
  );
  const bare = { context: [], completions: [[4]] };
  expect(() => packBatch([bare], { batch: 1, length: 4, labels: 1 }, 0)).toThrow(PackingError);
  expect(packBatch([bare], { batch: 1, length: 4, labels: 1 }, 3).feeds["label_rows"]).toEqual(
    Int32Array.of(2),
  );
});
