import { readFileSync } from "node:fs";
import { createArena, type Arena } from "../../functions/kernel/arena.ts";
import { instantiateKernel, type Address, type Kernel } from "../../functions/kernel/kernel.ts";
import {
  paddedWidth,
  rowBytes,
  type PackedFormat,
  type PackedMatrix,
} from "../../shared/formats/packed-weights.ts";
import type { Architecture } from "../../shared/contracts/model.ts";
import { createRandom, type Random } from "../../shared/random.ts";
import { kernelFiles } from "../../scripts/build-kernel.ts";
import { weightShapes } from "../../trainer/model/architecture.ts";
import { packMatrix } from "../../trainer/model/pack-matrix.ts";
import { quantiseGroups } from "../../trainer/model/group-quantisation.ts";
import {
  isGrouped,
  quantise,
  type GroupedWeight,
  type QuantisedWeight,
  type Weight,
} from "../../trainer/model/quantisation.ts";

export const kernelModules = {
  plain: new WebAssembly.Module(readFileSync(kernelFiles.plain)),
  relaxed: new WebAssembly.Module(readFileSync(kernelFiles.relaxed)),
};
/** The one that runs in workerd. */
export const kernelModule = kernelModules.relaxed;

/** A kernel over a memory of its own, and means to put numbers there. */
export interface Bench {
  readonly kernel: Kernel;
  readonly arena: Arena;
  put(values: ArrayBufferView): Address;
  /** Room for numbers, and its address. */
  room(floats: number): Address;
  read(address: Address, floats: number): Float32Array;
}

export function createBench(module = kernelModule): Bench {
  const arena = createArena(64 << 20);
  return {
    kernel: instantiateKernel(module, arena.memory),
    arena,
    put(values) {
      const address = arena.take(values.byteLength);
      arena
        .bytes(address, values.byteLength)
        .set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      return address;
    },
    room: (floats) => arena.take(floats * 4),
    read: (address, floats) => arena.floats(address, floats).slice(),
  };
}

/** Rows that ask the most of a kernel: random, all zeros, all the same large number, one huge outlier. */
export function testRows(random: Random, rows: number, width: number): Float32Array {
  const values = Float32Array.from({ length: rows * width }, () => random.normal());
  if (rows > 1) values.fill(0, width, 2 * width);
  if (rows > 2) values.fill(1e4, 2 * width, 3 * width);
  if (rows > 3) values[3 * width + random.below(width)] = 1e5;
  return values;
}

/** A matrix `[outputs, inputs]` packed as the kernel reads it, alone in its file. */
export function packAlone(weight: Matrix): { file: Uint8Array<ArrayBuffer>; matrix: PackedMatrix } {
  const [outputs, inputs] = weight.shape.map(paddedWidth) as [number, number];
  const bits = isGrouped(weight) ? 4 : 8;
  const weights = 0;
  const scales = outputs * rowBytes({ bits, inputs });
  const matrix: PackedMatrix = { bits, weights, inputs, outputs, ...(bits === 8 && { scales }) };
  const file = new Uint8Array(scales + (bits === 8 ? 4 * outputs : 0));
  packMatrix(file, matrix, 0, "alone", weight);
  return { file, matrix };
}

export type Matrix = QuantisedWeight | GroupedWeight;

export function randomMatrix(random: Random, outputs: number, inputs: number, format: PackedFormat): Matrix {
  const values = Float32Array.from({ length: outputs * inputs }, () => random.normal());
  return (format === "int8" ? quantise : quantiseGroups)(values, [outputs, inputs]);
}

/** Copies the row of an embedding into `y`. */
export function runEmbedding(
  { kernel }: Bench,
  base: Address,
  matrix: PackedMatrix,
  index: number,
  y: Address,
) {
  const { scales, outputs, inputs } = matrix;
  const weights = base + matrix.weights;
  if (scales === undefined) kernel.embedding4(weights, outputs, index, inputs, y);
  else kernel.embedding8(weights, base + scales, index, inputs, y);
}

/** A small architecture with some of its sizes given. */
export function sized(sizes: Partial<Architecture>): Architecture {
  return {
    family: "llama",
    hiddenSize: 24,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headSize: 8,
    intermediateSize: 40,
    vocabularySize: 50,
    contextLength: 96,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    tiedEmbeddings: true,
    attentionBias: false,
    queryKeyNorm: false,
    ...sizes,
  };
}

/** Random int8 weights at which every part of the model matters to the result. */
export function randomWeights(architecture: Architecture, seed: number): Map<string, Weight> {
  const random = createRandom(seed);
  const weights = new Map<string, Weight>();
  for (const [name, shape] of weightShapes(architecture)) {
    const [rows = 1, columns] = shape;
    if (columns === undefined) {
      const middle = name.includes("norm") ? 1 : 0;
      const values = Float32Array.from({ length: rows }, () => middle + 0.3 * random.normal());
      weights.set(name, { shape, values });
    } else {
      const scale = Math.sqrt(1 / columns);
      const values = Float32Array.from({ length: rows * columns }, () => scale * random.normal());
      weights.set(name, quantise(values, [rows, columns]));
    }
  }
  return weights;
}

/** Largest difference as a part of the largest wanted magnitude. */
export function relativeError(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (found.length !== wanted.length)
    throw new Error(`Found ${found.length} numbers, wanted ${wanted.length}`);
  let difference = 0;
  let largest = 1e-30;
  for (let i = 0; i < wanted.length; i++) {
    const [is, should] = [found[i] as number, wanted[i] as number];
    if (Number.isNaN(is)) return Infinity;
    difference = Math.max(difference, Math.abs(is - should));
    largest = Math.max(largest, Math.abs(should));
  }
  return difference / largest;
}
