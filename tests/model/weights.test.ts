import { describe, expect, it } from "vitest";
import type { Architecture } from "../../shared/contracts/model.ts";
import { parseSafetensors, serializeSafetensors, type Tensor } from "../../shared/formats/safetensors.ts";
import { createRandom } from "../../shared/random.ts";
import { weightShapes } from "../../trainer/model/architecture.ts";
import { dequantise, isQuantised, quantise, type FloatWeight } from "../../trainer/model/quantisation.ts";
import { quantiseWeights } from "../../trainer/model/weight-format.ts";
import { parseWeights, serializeWeights, WeightsError } from "../../trainer/model/weights.ts";

const architecture: Architecture = {
  family: "llama",
  hiddenSize: 8,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  intermediateSize: 12,
  vocabularySize: 10,
  contextLength: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  attentionBias: true,
  queryKeyNorm: true,
};
const random = createRandom(1);
const weights = new Map<string, FloatWeight>(
  [...weightShapes(architecture)].map(([name, shape]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return [name, { shape, values: Float32Array.from({ length: count }, () => random.normal()) }];
  }),
);
const GATE = "model.layers.0.mlp.gate_proj.weight";

describe("quantise", () => {
  it("is off by half a step at most, and reaches both ends", () => {
    const values = Float32Array.from({ length: 40 }, (_, i) => (i - 20) * 0.37);
    const weight = quantise(values, [4, 10]);
    expect(weight.scales).toHaveLength(4);
    dequantise(weight).forEach((value, i) => {
      const scale = weight.scales[Math.floor(i / 10)] ?? NaN;
      expect(Math.abs(value - (values[i] ?? NaN))).toBeLessThanOrEqual(scale * 0.5001);
    });
    expect(Math.min(...weight.values)).toBe(-127);
    expect(Math.max(...weight.values)).toBe(127);
  });

  it("stands rows of zeros", () => {
    expect(dequantise(quantise(new Float32Array(6), [2, 3]))).toEqual(new Float32Array(6));
  });

  it("gives the same grid again for what it made", () => {
    const once = quantise(weights.get(GATE)?.values ?? new Float32Array(0), [12, 8]);
    const twice = quantise(dequantise(once), [12, 8]);
    expect(twice.values).toEqual(once.values);
  });
});

describe("weights.safetensors", () => {
  it.each(["int8", "float32"] as const)("gives back what was written (%s)", (format) => {
    const written = quantiseWeights(weights, format);
    const read = parseWeights(serializeWeights(written, architecture), architecture);
    for (const [name, weight] of written) expect(read.get(name), name).toEqual(weight);
    const isInt8 = format === "int8";
    for (const { shape, ...weight } of read.values()) {
      expect(isQuantised({ shape, ...weight } as FloatWeight)).toBe(isInt8 && shape.length === 2);
    }
  });

  it("keeps the grid of what comes quantised", () => {
    const coarse = {
      shape: [12, 8] as const,
      values: new Int8Array(96).fill(3),
      scales: Float32Array.of(0.1),
    };
    expect(quantiseWeights(new Map([[GATE, coarse]]), "int8").get(GATE)).toBe(coarse);
  });

  it.each<[string, (tensors: Map<string, Tensor>) => void]>([
    ['Found no weight "model.norm.weight"', (tensors) => tensors.delete("model.norm.weight")],
    ["scales of shape []", (tensors) => tensors.delete(`${GATE}.scale`)],
    [
      "scales of shape [5]",
      (tensors) => tensors.set(`${GATE}.scale`, { type: "F32", shape: [5], bytes: new Uint8Array(20) }),
    ],
    [
      "has shape [8,12]",
      (tensors) => tensors.set(GATE, { type: "I8", shape: [8, 12], bytes: new Uint8Array(96) }),
    ],
    [
      'has type "U8"',
      (tensors) => tensors.set(GATE, { type: "U8", shape: [12, 8], bytes: new Uint8Array(96) }),
    ],
    [
      "is int8 but no matrix",
      (tensors) => tensors.set("model.norm.weight", { type: "I8", shape: [8], bytes: new Uint8Array(8) }),
    ],
  ])("says what is wrong: %s", (message, spoil) => {
    const { tensors } = parseSafetensors(serializeWeights(quantiseWeights(weights, "int8"), architecture));
    const spoilt = new Map(tensors);
    spoil(spoilt);
    const parse = () => parseWeights(serializeSafetensors(spoilt), architecture);
    expect(parse).toThrow(WeightsError);
    expect(parse).toThrow(message);
  });

  it("is not written with a weight missing", () => {
    expect(() => serializeWeights(new Map(), architecture)).toThrow(WeightsError);
  });
});
