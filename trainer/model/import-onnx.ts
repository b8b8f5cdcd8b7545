import type { Architecture } from "../../shared/contracts/model.ts";
import { InvalidDataError } from "../../shared/errors.ts";
import { elementType } from "../onnx/graph.ts";
import { decodeModel, type ModelProto, type TensorProto } from "../onnx/proto.ts";
import { EMBEDDING_WEIGHT, weightShapes } from "./architecture.ts";
import { dequantise, isQuantised, rowScale, type Weight } from "./quantisation.ts";
import { transpose } from "./transpose.ts";
import type { Weights } from "./weights.ts";

/** The ONNX file is not a dynamically quantised Llama as Hugging Face's Optimum exports one. */
export class OnnxImportError extends InvalidDataError {
  constructor(message: string) {
    super(message, { code: "unsupported_onnx_model" });
  }
}

/** A quantised product's node is named after the module it came from: `/model/layers.0/mlp/up_proj/MatMul_quant`. */
const QUANTISED_PRODUCT = /^\/(.+)\/MatMul_quant$/;
const HEAD_WEIGHT = "lm_head.weight";

/**
 * Reads the weights out of a dynamically quantised ONNX export, on the grid they are stored on: nothing is rounded again.
 * Where embeddings are tied, the file holds them twice, rounded apart; the embedding's copy is kept once it is found to
 * agree with the head's. Throws OnnxImportError.
 */
export function importOnnxWeights(file: Uint8Array, architecture: Architecture): Weights {
  const model = decode(file);
  const tensors = new Map(model.graph.initializer.map((tensor) => [tensor.name, tensor]));
  const products = productWeights(model);
  const weights = new Map<string, Weight>();
  for (const [name, shape] of weightShapes(architecture)) {
    weights.set(name, readWeight(tensors, products, name, shape));
  }
  if (architecture.tiedEmbeddings && products.has(HEAD_WEIGHT)) {
    const embedding = weights.get(EMBEDDING_WEIGHT) as Weight;
    checkTied(embedding, readWeight(tensors, products, HEAD_WEIGHT, embedding.shape));
  }
  return weights;
}

function decode(file: Uint8Array): ModelProto {
  try {
    return decodeModel(file);
  } catch (cause) {
    throw new OnnxImportError(`Not an ONNX model: ${String(cause)}`);
  }
}

/** Hugging Face name of each quantised product's weight -> the name its tensors go by in the file. */
function productWeights(model: ModelProto): Map<string, string> {
  const names = new Map<string, string>();
  for (const node of model.graph.node) {
    const module = QUANTISED_PRODUCT.exec(node.name)?.[1];
    const tensor = node.input[1];
    if (node.opType !== "MatMulInteger" || module === undefined || tensor === undefined) continue;
    names.set(`${module.replaceAll("/", ".")}.weight`, tensor.replace(/_quantized$/, ""));
  }
  return names;
}

function readWeight(
  tensors: ReadonlyMap<string, TensorProto>,
  products: ReadonlyMap<string, string>,
  name: string,
  shape: readonly number[],
): Weight {
  const plain = tensors.get(name);
  if (plain) {
    checkShape(name, plain.dims, shape);
    return { shape, values: floats(plain) };
  }
  const product = products.get(name);
  const stored = tensors.get(`${product ?? name}_quantized`);
  if (!stored) throw new OnnxImportError(`Found no weight "${name}", neither plain nor quantised`);
  const [rows, columns] = shape as [number, number];
  // A product's matrix is stored as `[in, out]`, the embedding as it is.
  checkShape(name, stored.dims, product === undefined ? [rows, columns] : [columns, rows]);
  const { values, scales } = gridOf(name, stored, tensors, product ?? name);
  return {
    shape: [rows, columns],
    values: product === undefined ? values : transpose(values, columns, rows),
    scales,
  };
}

/** Values and scales on a symmetric int8 grid; uint8 around 128 is the same grid, shifted. */
function gridOf(
  name: string,
  stored: TensorProto,
  tensors: ReadonlyMap<string, TensorProto>,
  prefix: string,
) {
  const scales = floats(required(tensors, `${prefix}_scale`));
  const zeroPoint = tensors.get(`${prefix}_zero_point`);
  const zeros = zeroPoint ? integers(zeroPoint) : [0];
  const raw = required(tensors, `${prefix}_quantized`).rawData ?? new Uint8Array(0);
  const middle = stored.dataType === elementType.uint8 ? 128 : 0;
  if (scales.length !== 1 || zeros.some((zero) => zero !== middle)) {
    throw new OnnxImportError(
      `Weight "${name}" has ${scales.length} scales and zero point ${zeros[0]}, wanted one scale and zero point ${middle}`,
    );
  }
  const values = new Int8Array(raw.length);
  raw.forEach((byte, i) => {
    // Beyond uint8's shift, storing a byte in an Int8Array reads it as two's complement.
    values[i] = byte - middle;
  });
  return { values, scales };
}

/** Two roundings of one matrix differ by at most half a step of each. */
function checkTied(embedding: Weight, head: Weight): void {
  const stepOf = (weight: Weight) => (isQuantised(weight) ? rowScale(weight, 0) : 0);
  const step = stepOf(embedding) + stepOf(head);
  const a = dequantise(embedding);
  const b = dequantise(head);
  const FLOAT_SLACK = 1.001;
  const apart = a.findIndex((value, i) => Math.abs(value - (b[i] as number)) > (step / 2) * FLOAT_SLACK);
  if (apart >= 0) {
    throw new OnnxImportError(
      `Embeddings are said to be tied, but embedding and head differ: ${a[apart]} and ${b[apart]} at element ${apart}`,
    );
  }
}

function required(tensors: ReadonlyMap<string, TensorProto>, name: string): TensorProto {
  const tensor = tensors.get(name);
  if (!tensor) throw new OnnxImportError(`Found no tensor "${name}"`);
  return tensor;
}

function floats({ name, dataType, rawData, floatData }: TensorProto): Float32Array {
  if (dataType !== elementType.float32)
    throw new OnnxImportError(`Tensor "${name}" has type ${dataType}, wanted float32`);
  return rawData?.length
    ? new Float32Array(new Uint8Array(rawData).buffer)
    : Float32Array.from(floatData ?? []);
}

function integers({ rawData, int32Data, dataType }: TensorProto): number[] {
  if (!rawData?.length) return int32Data ?? [];
  return Array.from(dataType === elementType.int8 ? new Int8Array(rawData) : rawData);
}

function checkShape(name: string, found: readonly number[], wanted: readonly number[]): void {
  if (found.join() !== wanted.join()) {
    throw new OnnxImportError(`Weight "${name}" has shape [${found}], wanted [${wanted}]`);
  }
}
