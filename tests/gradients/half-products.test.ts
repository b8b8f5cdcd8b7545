import { expect, test } from "vitest";
import type { BatchLayout } from "../../trainer/model/training-graph.ts";
import { relativeError } from "./finite-differences.ts";
import { tinyStep } from "./tiny-step.ts";

const layout: BatchLayout = {
  batch: 1,
  length: 16,
  labels: 5,
  candidates: { examples: 1, count: 2, share: 0.5, smoothing: 0 },
};
const rows = [
  {
    context: [4, 9, 31],
    completions: [
      [12, 40, 2],
      [7, 5],
    ],
    answer: 0,
  },
];

test.each(["prompt", "prefix"] as const)(
  "float16 products give loss and gradient of a %s to its precision",
  async (method) => {
    const step = await tinyStep(method, layout, rows);
    const single = await step.compute();
    const half = await step.compute({ precision: "float16" });
    const off = relativeError([...half.gradient], [...single.gradient]);
    // float16 has 11 bits: less would mean that nothing was rounded.
    expect(off).toBeGreaterThan(1e-5);
    expect(off).toBeLessThan(1e-2);
    expect(Math.abs(half.loss - single.loss)).toBeLessThan(2e-3 * single.loss);
    await step.remove();
  },
);
