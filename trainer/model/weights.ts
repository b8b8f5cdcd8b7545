import type { Architecture } from "../../shared/contracts/model.ts";
import { InvalidDataError } from "../../shared/errors.ts";
import { parseSafetensors, serializeSafetensors, type Tensor } from "../../shared/formats/safetensors.ts";
import { weightShapes } from "./architecture.ts";
import { groupsOf, isGrouped, isQuantised, type Weight } from "./quantisation.ts";

/** A model's weights by name; see `weightShapes`. */
export type Weights = ReadonlyMap<string, Weight>;

/** The weights do not make up the model that the architecture describes. */
export class WeightsError extends InvalidDataError {
  constructor(message: string) {
    super(message, { code: "invalid_weights" });
  }
}

/** A matrix of integers has its scales beside it under this name: `[1]`, `[rows]`, or `[rows, groups]` for 4 bits. */
const scaleName = (name: string) => `${name}.scale`;

/** `weights.safetensors`: every weight under its Hugging Face name, in the order of a forward pass. */
export function serializeWeights(weights: Weights, architecture: Architecture): Uint8Array {
  const tensors = new Map<string, Tensor>();
  for (const name of weightShapes(architecture).keys()) {
    const weight = weights.get(name);
    if (!weight) throw new WeightsError(`Found no weight "${name}"`);
    if (isQuantised(weight) || isGrouped(weight)) {
      const scales = isGrouped(weight) ? weight.groupScales : weight.scales;
      const shape = isGrouped(weight) ? [weight.shape[0], groupsOf(weight.shape[1])] : [weight.scales.length];
      tensors.set(name, { type: "I8", shape: weight.shape, bytes: bytesOf(weight.values) });
      tensors.set(scaleName(name), { type: "F32", shape, bytes: bytesOf(scales) });
    } else {
      tensors.set(name, { type: "F32", shape: weight.shape, bytes: bytesOf(weight.values) });
    }
  }
  return serializeSafetensors(tensors, { format: "foreword" });
}

/** Reads `weights.safetensors`. Throws SafetensorsError, or WeightsError when a weight is missing, strange or misshapen. */
export function parseWeights(file: Uint8Array, architecture: Architecture): Weights {
  const { tensors } = parseSafetensors(file);
  const weights = new Map<string, Weight>();
  for (const [name, shape] of weightShapes(architecture)) {
    const tensor = tensors.get(name);
    if (!tensor) throw new WeightsError(`Found no weight "${name}"`);
    if (tensor.shape.join() !== shape.join()) {
      throw new WeightsError(`Weight "${name}" has shape [${tensor.shape}], wanted [${shape}]`);
    }
    weights.set(name, readWeight(name, tensor, tensors.get(scaleName(name))));
  }
  return weights;
}

function readWeight(name: string, tensor: Tensor, scale: Tensor | undefined): Weight {
  const { type, shape, bytes } = tensor;
  if (type === "F32") return { shape, values: floats(bytes) };
  if (type !== "I8") throw new WeightsError(`Weight "${name}" has type "${type}", wanted "F32" or "I8"`);
  const [rows, columns] = shape;
  if (rows === undefined || columns === undefined)
    throw new WeightsError(`Weight "${name}" is int8 but no matrix`);
  const values = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const grouped = `${rows},${groupsOf(columns)}`;
  const found = scale?.shape.join();
  if (scale?.type === "F32" && found === grouped) {
    return { shape: [rows, columns], values, groupScales: floats(scale.bytes) };
  }
  if (scale?.type !== "F32" || (found !== "1" && found !== String(rows))) {
    throw new WeightsError(
      `Weight "${name}" has scales of shape [${found ?? ""}], wanted F32 [1], [${rows}] or [${grouped}]`,
    );
  }
  return { shape: [rows, columns], values, scales: floats(scale.bytes) };
}

/** Copied, because a file's tensors need not be aligned (and by the constructor: a Buffer's `slice` does not copy). */
function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
