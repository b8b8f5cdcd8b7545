import { expect, it } from "vitest";
import { createRandom } from "../../shared/random.ts";
import { quantiseGroups } from "../../trainer/model/group-quantisation.ts";
import { groupScaleBits, groupScaleOf } from "../../trainer/model/group-scale.ts";
import { dequantise, type GroupedWeight } from "../../trainer/model/quantisation.ts";
import { quantiseWeights } from "../../trainer/model/weight-format.ts";
import { parseWeights, serializeWeights } from "../../trainer/model/weights.ts";
import { randomWeights, sized } from "../kernel/support.ts";

const random = createRandom(1);
const normal = (count: number, scale = 1) =>
  Float32Array.from({ length: count }, () => scale * random.normal());
const squaredError = (values: Float32Array, found: Float32Array) =>
  values.reduce((sum, value, i) => sum + (value - (found[i] as number)) ** 2, 0);

it("a group's scale in 16 bits is within a 256th part of any number, and a fixed point", () => {
  for (const value of [1, -1, 0.1, -3e-5, 1e-30, 7e20, ...normal(200)]) {
    const scale = groupScaleOf(groupScaleBits(value));
    expect(Math.abs(scale / value - 1)).toBeLessThan(1 / 256);
    expect(groupScaleOf(groupScaleBits(scale))).toBe(scale);
  }
  expect(groupScaleOf(groupScaleBits(0))).toBe(0);
});

it("the chosen grid leaves less error than the one that reaches the largest magnitude", () => {
  const values = normal(64 * 32);
  const { groupScales, values: levels } = quantiseGroups(values, [64, 32]);
  const nearest = values.map((value, i) => {
    const group = values.subarray(i - (i % 32), i - (i % 32) + 32);
    const scale = group.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 7;
    return Math.round(value / scale) * scale;
  });
  expect(Math.min(...levels)).toBe(-8);
  expect(Math.max(...levels)).toBe(7);
  const found = dequantise({ shape: [64, 32], values: levels, groupScales });
  expect(squaredError(values, found)).toBeLessThan(0.85 * squaredError(values, nearest));
});

it("rows of zeros, outliers and odd widths keep to the grid", () => {
  const values = normal(3 * 37);
  values.fill(0, 0, 37);
  values[40] = 1e4;
  const found = dequantise(quantiseGroups(values, [3, 37]));
  expect(found.subarray(0, 37).every((value) => value === 0)).toBe(true);
  expect((found[40] as number) / 1e4).toBeCloseTo(1, 2);
  expect(found.every(Number.isFinite)).toBe(true);
});

it("4-bit weights are read from their file as they were written, and are left alone when quantised again", () => {
  const architecture = sized({ hiddenSize: 45 });
  const weights = quantiseWeights(randomWeights(architecture, 3), "int4");
  const read = parseWeights(serializeWeights(weights, architecture), architecture);
  expect(quantiseWeights(read, "int4")).toEqual(weights);
  const output = read.get("model.layers.0.mlp.down_proj.weight") as GroupedWeight;
  expect(output.groupScales).toHaveLength(45 * 2);
});
