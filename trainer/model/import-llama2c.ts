import type { Architecture } from "../../shared/contracts/model.ts";
import { InvalidDataError } from "../../shared/errors.ts";
import { EMBEDDING_WEIGHT, FINAL_NORM_WEIGHT, layerWeights, weightShapes } from "./architecture.ts";
import type { FloatWeight } from "./quantisation.ts";
import { toRotateHalf } from "./rotate-half.ts";

/** The bytes are not a legacy llama2.c checkpoint. */
export class Llama2cImportError extends InvalidDataError {
  constructor(message: string) {
    super(message, { code: "invalid_llama2c_checkpoint" });
  }
}

const HEADER_INTS = 7;

/**
 * Reads a legacy llama2.c checkpoint (`.bin`, version 0): seven int32 (dim, hidden, layers, heads, kv heads, vocabulary,
 * context; a negative vocabulary says that the head is not tied), then float32 weights, each kind for all layers in turn.
 * Queries and keys are brought into our layout; see `toRotateHalf`. Throws Llama2cImportError.
 * Format: https://github.com/karpathy/llama2.c, export.py, `legacy_export`.
 */
export function importLlama2c(file: Uint8Array): {
  architecture: Architecture;
  weights: Map<string, FloatWeight>;
} {
  if (file.length < HEADER_INTS * 4)
    throw new Llama2cImportError(`Found ${file.length} bytes, wanted a header of 28`);
  const header = Array.from(
    new Int32Array(new Uint8Array(file.subarray(0, HEADER_INTS * 4)).buffer),
  ) as Header;
  const architecture = readHeader(header);
  const shapes = weightShapes(architecture);
  const order = fileOrder(architecture);
  const whole = file.length - (file.length % 4);
  const values = new Float32Array(new Uint8Array(file.subarray(0, whole)).buffer, HEADER_INTS * 4);
  const wanted = order.reduce((sum, name) => sum + elements(shapes, name), 0) + ropeTables(architecture);
  if (values.length < wanted)
    throw new Llama2cImportError(`Found ${values.length} weights, wanted ${wanted}`);
  const weights = new Map<string, FloatWeight>();
  let position = 0;
  for (const name of order) {
    // The rotary tables, which we compute ourselves, lie between the final norm and an untied head.
    if (name === "lm_head.weight") position += ropeTables(architecture);
    const count = elements(shapes, name);
    const weight = { shape: shapes.get(name) as number[], values: values.slice(position, position + count) };
    const rotates = /\.[qk]_proj\./.test(name);
    weights.set(name, rotates ? toRotateHalf(weight, architecture.headSize) : weight);
    position += count;
  }
  return { architecture, weights };
}

type Header = [number, number, number, number, number, number, number];

function readHeader([dim, hidden, layers, heads, kvHeads, vocabulary, context]: Header): Architecture {
  const sizes = [dim, hidden, layers, heads, kvHeads, Math.abs(vocabulary), context];
  if (sizes.some((size) => size <= 0) || dim % heads !== 0 || heads % kvHeads !== 0) {
    throw new Llama2cImportError(`Header [${sizes}] does not describe a model`);
  }
  return {
    family: "llama",
    hiddenSize: dim,
    layers,
    heads,
    kvHeads,
    headSize: dim / heads,
    intermediateSize: hidden,
    vocabularySize: Math.abs(vocabulary),
    contextLength: context,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    tiedEmbeddings: vocabulary > 0,
    attentionBias: false,
    queryKeyNorm: false,
  };
}

/** Names in the order of the file. */
function fileOrder(architecture: Architecture): string[] {
  const layers = Array.from({ length: architecture.layers }, (_, layer) => layerWeights(architecture, layer));
  return [
    EMBEDDING_WEIGHT,
    ...layers.map(({ inputNorm }) => inputNorm),
    ...layers.map(({ query }) => query.weight),
    ...layers.map(({ key }) => key.weight),
    ...layers.map(({ value }) => value.weight),
    ...layers.map(({ output }) => output.weight),
    ...layers.map(({ postAttentionNorm }) => postAttentionNorm),
    ...layers.map(({ gate }) => gate.weight),
    ...layers.map(({ down }) => down.weight),
    ...layers.map(({ up }) => up.weight),
    FINAL_NORM_WEIGHT,
    ...(architecture.tiedEmbeddings ? [] : ["lm_head.weight"]),
  ];
}

const elements = (shapes: ReadonlyMap<string, readonly number[]>, name: string) =>
  (shapes.get(name) as readonly number[]).reduce((product, size) => product * size, 1);

/** Numbers in the cosine and sine tables that the file carries. */
const ropeTables = ({ contextLength, headSize }: Architecture) => contextLength * headSize;
