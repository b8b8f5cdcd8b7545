import { bundleFiles, type Architecture, type ModelManifest } from "../contracts/model.ts";
import { InvalidDataError } from "../errors.ts";

/** The decode kernel cannot run a model of these sizes. */
export class UnsupportedSizeError extends InvalidDataError {
  constructor(message: string) {
    super(message, { code: "unsupported_model_size" });
  }
}

/**
 * `int8` has all matrices in 8 bits. `int4` has them in 4, but for those that cost little and answers need: the value
 * projections, and the embedding and head of a vocabulary up to SMALL_VOCABULARY.
 */
export type PackedFormat = "int8" | "int4";

export const SMALL_VOCABULARY = 8192;

const fileNames: Readonly<Record<PackedFormat, string>> = {
  int8: bundleFiles.kernelInt8,
  int4: bundleFiles.kernelInt4,
};

/** Name of the kernel's file in a bundle. */
export const packedFileName = (format: PackedFormat): string => fileNames[format];

/** The kernel's file that a manifest lists, if any. */
export function packedFile({ files }: Pick<ModelManifest, "files">) {
  for (const format of ["int8", "int4"] as const) {
    const name = packedFileName(format);
    const record = files[name];
    if (record) return { name, record, format };
  }
  return undefined;
}

/**
 * Where a matrix lies in the file, in bytes from its beginning.
 *
 *     8 bits   int8 [outputs / BLOCK][inputs / 2][BLOCK][2], times the output's scale
 *     4 bits   rows [4][outputs / 4]: output `4 n + s` is row n of part s. A row is a scale of 16 bits for each GROUP of inputs,
 *              see `fromHalves`, then the groups: 16-bit word j of a group holds inputs j, 8 + j, 16 + j and 24 + j, the
 *              first in its lowest 4 bits, in two's complement
 *
 * The kernel reads each quarter of a matrix beside the others.
 */
export interface PackedMatrix {
  readonly bits: 8 | 4;
  readonly weights: number;
  /** float32 `[outputs]`: what each output is multiplied with; 8 bits only. */
  readonly scales?: number;
  /** float32 `[outputs]`. */
  readonly bias?: number;
  /** Both rounded up; what is added is zeros. */
  readonly inputs: number;
  readonly outputs: number;
}

/** Outputs whose weights of 8 bits lie together, two inputs at a time. */
export const BLOCK = 8;
/** Inputs that share a scale in 4 bits. */
export const GROUP = 32;
/** Bytes of a row of 4-bit weights that hold the scales of its groups, before the weights themselves. */
export const groupScaleBytes = (inputs: number): number => (inputs / GROUP) * 2;
/** Bytes of one output's weights. */
export const rowBytes = ({ bits, inputs }: Pick<PackedMatrix, "bits" | "inputs">): number =>
  bits === 8 ? inputs : groupScaleBytes(inputs) + inputs / 2;

export interface PackedLayer {
  /** float32, rounded up with zeros, as all norms. */
  readonly inputNorm: number;
  /** Query, key and value side by side; the value apart where it has other bits. Each part's outputs are rounded up on their own. */
  readonly queryKeyValue: readonly PackedMatrix[];
  readonly queryNorm?: number;
  readonly keyNorm?: number;
  readonly output: PackedMatrix;
  readonly postAttentionNorm: number;
  readonly gateUp: PackedMatrix;
  readonly down: PackedMatrix;
}

/** Offsets of everything in the kernel's file, in the order of a forward pass. */
export interface PackedLayout {
  readonly bytes: number;
  readonly embedding: PackedMatrix;
  readonly layers: readonly PackedLayer[];
  readonly finalNorm: number;
  /** The embedding itself where embeddings are tied. */
  readonly head: PackedMatrix;
}

/** Widths are rounded up to this, so that the kernel needs no special ends. */
const WIDTH = GROUP;
/** A cache line. */
const ALIGNMENT = 64;
const FLOAT_BYTES = 4;

export const roundUp = (size: number, multiple: number): number => Math.ceil(size / multiple) * multiple;
export const paddedWidth = (size: number): number => roundUp(size, WIDTH);

/** Sizes that the file's layout and the kernel's work space follow from, rounded up. */
export function paddedSizes(architecture: Architecture) {
  const { hiddenSize, heads, kvHeads, headSize, intermediateSize, vocabularySize } = architecture;
  return {
    hidden: paddedWidth(hiddenSize),
    query: paddedWidth(heads * headSize),
    key: paddedWidth(kvHeads * headSize),
    intermediate: paddedWidth(intermediateSize),
    vocabulary: paddedWidth(vocabularySize),
    head: paddedWidth(headSize),
  };
}

/**
 * The layout of the kernel's file. It follows from the architecture and the format alone, so the file needs no index that could
 * point anywhere. Throws UnsupportedSizeError.
 */
export function packedLayout(architecture: Architecture, format: PackedFormat): PackedLayout {
  const fault = sizeFault(architecture);
  if (fault !== undefined) throw new UnsupportedSizeError(fault);
  const { attentionBias, queryKeyNorm, tiedEmbeddings, vocabularySize } = architecture;
  const { hidden, query, key, intermediate, vocabulary, head } = paddedSizes(architecture);
  let end = 0;
  const take = (bytes: number): number => {
    const start = end;
    end = roundUp(start + bytes, ALIGNMENT);
    return start;
  };
  const most = format === "int8" ? 8 : 4;
  const embeddingBits = vocabularySize <= SMALL_VOCABULARY ? 8 : most;
  const matrix = (bits: 8 | 4, outputs: number, inputs: number, hasBias = false): PackedMatrix => ({
    bits,
    weights: take(outputs * rowBytes({ bits, inputs })),
    ...(bits === 8 ? { scales: take(outputs * FLOAT_BYTES) } : {}),
    ...(hasBias ? { bias: take(outputs * FLOAT_BYTES) } : {}),
    inputs,
    outputs,
  });
  const norm = (width: number) => take(width * FLOAT_BYTES);
  const embedding = matrix(embeddingBits, vocabulary, hidden);
  const layers = Array.from({ length: architecture.layers }, (): PackedLayer => ({
    inputNorm: norm(hidden),
    queryKeyValue:
      most === 8
        ? [matrix(8, query + 2 * key, hidden, attentionBias)]
        : [matrix(4, query + key, hidden, attentionBias), matrix(8, key, hidden, attentionBias)],
    ...(queryKeyNorm ? { queryNorm: norm(head), keyNorm: norm(head) } : {}),
    output: matrix(most, hidden, query),
    postAttentionNorm: norm(hidden),
    gateUp: matrix(most, 2 * intermediate, hidden),
    down: matrix(most, hidden, intermediate),
  }));
  const finalNorm = norm(hidden);
  const headMatrix = tiedEmbeddings ? embedding : matrix(embeddingBits, vocabulary, hidden);
  return { bytes: end, embedding, layers, finalNorm, head: headMatrix };
}

/** More layers than any model that fits has: a manifest must not make us list millions. */
const MOST_LAYERS = 1000;

/** Why the kernel cannot run a model of these sizes, where it cannot. */
export function sizeFault({ heads, kvHeads, headSize, layers }: Architecture): string | undefined {
  if (headSize % 8 !== 0) return `Found a head size of ${headSize}, wanted a multiple of 8`;
  if (heads % kvHeads !== 0) return `Found ${heads} heads over ${kvHeads} KV heads, wanted a multiple`;
  return layers > MOST_LAYERS ? `Found ${layers} layers, wanted at most ${MOST_LAYERS}` : undefined;
}
