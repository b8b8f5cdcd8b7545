import fc from "fast-check";
import { expect, test } from "vitest";
import {
  packBatch,
  packedLength,
  packRows,
  type TokenizedExample,
} from "../../trainer/model/training-batch.ts";
import { commonEnding, replaceTokens } from "../../trainer/tuning/augment.ts";
import { planBatches, planScoring } from "../../trainer/tuning/plan-batches.ts";
import { balance } from "../../trainer/tuning/run-tuning.ts";

const tokens = (min: number, max: number) =>
  fc.array(fc.integer({ min: 3, max: 40 }), { minLength: min, maxLength: max });
const example: fc.Arbitrary<TokenizedExample> = fc.record({
  context: tokens(1, 90),
  completions: fc.array(tokens(1, 6), { minLength: 1, maxLength: 4 }),
});
const examples = fc.array(example, { minLength: 1, maxLength: 40 });

test("every planned step fits the one layout, and each pass draws every example once", () => {
  fc.assert(
    fc.property(
      examples,
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 3 }),
      (rows, batchSize, epochs) => {
        const { layout, steps } = planBatches(rows, { batchSize, epochs, seed: 3 });
        for (const step of steps) {
          const batch = step.map((i) => rows[i] as TokenizedExample);
          expect(step.length).toBeGreaterThan(0);
          expect(packRows(batch.map(packedLength), layout.length).length).toBeLessThanOrEqual(layout.batch);
          packBatch(batch, layout, 1);
        }
        const order = steps.flat();
        expect(order).toHaveLength(rows.length * epochs);
        for (let pass = 0; pass < epochs; pass++) {
          const drawn = order.slice(pass * rows.length, (pass + 1) * rows.length);
          expect(new Set(drawn).size).toBe(rows.length);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("the same seed plans the same steps, another one others; scoring keeps the order", () => {
  const rows = Array.from({ length: 30 }, (_, i) => ({
    context: Array(5 + (i % 7)).fill(3),
    completions: [[4, 2]],
  }));
  const plan = (seed: number) => planBatches(rows, { batchSize: 4, epochs: 1.5, seed }).steps;
  expect(plan(1)).toEqual(plan(1));
  expect(plan(1)).not.toEqual(plan(2));
  expect(plan(1).flat()).toHaveLength(45);
  expect(planScoring(rows, 4).steps.flat()).toEqual([...rows.keys()]);
});

test("skewed labels are drawn by the square root of their frequency", () => {
  const rows = Array.from({ length: 400 }, () => ({ context: [3], completions: [[4]] }));
  const answers = rows.map((_, i) => (i < 16 ? 1 : 0));
  const frequencies = balance(answers);
  const { steps } = planBatches(rows, { batchSize: 8, epochs: 20, seed: 1, frequencies });
  const rare = steps.flat().filter((i) => i < 16).length / (400 * 20);
  expect(rare).toBeCloseTo(Math.sqrt(16) / (Math.sqrt(16) + Math.sqrt(384)), 1);
  expect(balance(answers.slice(0, 100))).toBeUndefined();
  expect(balance([1])).toBeUndefined();
});

test("replaced tokens keep positions, targets and the form's ending", () => {
  const rows = Array.from({ length: 20 }, (_, i) => ({
    context: [100 + i, 200 + i, 300 + i, 7, 8],
    contextTargets: [1],
    completions: [[9]],
  }));
  expect(commonEnding(rows)).toBe(2);
  const replaced = replaceTokens(rows, 0.5, 2, 11);
  expect(replaced).toEqual(replaceTokens(rows, 0.5, 2, 11));
  let changed = 0;
  for (const [i, { context }] of replaced.entries()) {
    expect([context[1], context[3], context[4]]).toEqual([200 + i, 7, 8]);
    changed += Number(context[0] !== 100 + i) + Number(context[2] !== 300 + i);
  }
  expect(changed).toBeGreaterThan(8);
  expect(changed).toBeLessThan(32);
});
