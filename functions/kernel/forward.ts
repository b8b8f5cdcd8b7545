import type { Architecture } from "../../shared/contracts/model.ts";
import type { PackedLayer, PackedLayout, PackedMatrix } from "../../shared/formats/packed-weights.ts";
import { rotaryFrequencies } from "../../shared/inference/rotary-frequencies.ts";
import type { Arena } from "./arena.ts";
import type { Address, Kernel } from "./kernel.ts";
import type { KvPages } from "./kv-pages.ts";
import type { WorkSpace } from "./work-space.ts";

/** A model ready to run: where its weights lie, and what it computes in. */
export interface KernelModel {
  readonly architecture: Architecture;
  readonly kernel: Kernel;
  readonly arena: Arena;
  /** Address of the packed weights. */
  readonly weights: Address;
  readonly layout: PackedLayout;
  readonly space: WorkSpace;
  readonly pages: KvPages;
}

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

/** What a row of the work space stands for: a position of a sequence whose pages `table` lists. */
export interface RowPlace {
  readonly table: Address;
  readonly position: number;
}

/**
 * Runs the decoder over at most ROWS positions, of one sequence or several, whose inputs stand in `space.residual`. Those of
 * one sequence ascend. Keys and values of all go into the pages. The residual stream of `rows`, ascending, is left in the
 * first rows of `space.residual`: nothing else is computed in the last layer.
 */
export function runLayers(model: KernelModel, places: readonly RowPlace[], rows: readonly number[]): void {
  const { layout, space } = model;
  const width = space.sizes.hidden * FLOAT;
  layOutRotations(model, places);
  layout.layers.forEach((layer, i) => {
    projectHeads(model, layer, places.length);
    storeKeysAndValues(model, i, places);
    const isLast = i === layout.layers.length - 1;
    if (isLast && rows.length === 0) return;
    const kept = isLast ? rows : places.map((_, row) => row);
    attend(model, i, places, kept);
    if (isLast) {
      const residual = model.arena.bytes(space.residual, places.length * width);
      rows.forEach((row, to) => residual.copyWithin(to * width, row * width, (row + 1) * width));
    }
    multiply(model, space.attended, kept.length, layer.output, space.residual, true);
    norm(model, layer.postAttentionNorm, kept.length);
    multiply(model, space.normed, kept.length, layer.gateUp, space.wide);
    model.kernel.swiglu(space.wide, kept.length, space.sizes.intermediate, space.activated);
    multiply(model, space.activated, kept.length, layer.down, space.residual, true);
  });
}

/** Writes the logits of the first rows of the residual stream, one `[vocabulary]` for each. */
export function computeLogits(model: KernelModel, logits: readonly Float32Array[]): void {
  const { layout, space, arena } = model;
  const { vocabularySize } = model.architecture;
  norm(model, layout.finalNorm, logits.length);
  for (let row = 0; row < logits.length; row += space.logitRows) {
    const some = logits.slice(row, row + space.logitRows);
    multiply(model, space.normed + row * space.sizes.hidden * FLOAT, some.length, layout.head, space.logits);
    some.forEach((to, i) =>
      to.set(arena.floats(space.logits + i * space.sizes.vocabulary * FLOAT, vocabularySize)),
    );
  }
}

/** Cosines and sines of the positions. */
function layOutRotations({ architecture, arena, space }: KernelModel, places: readonly RowPlace[]): void {
  const half = architecture.headSize / 2;
  const cos = arena.floats(space.cos, places.length * half);
  const sin = arena.floats(space.sin, places.length * half);
  const frequencies = rotaryFrequencies(architecture);
  for (let row = 0; row < places.length; row++) {
    const { position } = places[row] as RowPlace;
    for (let pair = 0; pair < half; pair++) {
      const angle = position * (frequencies[pair] as number);
      cos[row * half + pair] = Math.cos(angle);
      sin[row * half + pair] = Math.sin(angle);
    }
  }
}

/** Queries, keys and values of all rows into `space.wide`, normed per head where the model does so, and rotated. */
function projectHeads(model: KernelModel, layer: PackedLayer, count: number): void {
  const { kernel, space, weights } = model;
  const { heads, kvHeads, headSize, normEpsilon } = model.architecture;
  norm(model, layer.inputNorm, count);
  const stride = (space.sizes.query + 2 * space.sizes.key) * FLOAT;
  let y = space.wide;
  for (const matrix of layer.queryKeyValue) {
    multiply(model, space.normed, count, matrix, y, false, stride);
    y += matrix.outputs * FLOAT;
  }
  const keys = space.wide + space.sizes.query * FLOAT;
  for (let row = 0; row < count; row++) {
    const normHeads = (x: Address, number: number, gain: number | undefined) => {
      if (gain === undefined) return;
      const at = x + row * stride;
      kernel.rmsNorm(at, number, headSize, headSize, headSize * FLOAT, weights + gain, normEpsilon, at);
    };
    normHeads(space.wide, heads, layer.queryNorm);
    normHeads(keys, kvHeads, layer.keyNorm);
  }
  kernel.rotary(space.wide, count, stride, heads, headSize, space.cos, space.sin);
  kernel.rotary(keys, count, stride, kvHeads, headSize, space.cos, space.sin);
}

function storeKeysAndValues(model: KernelModel, layer: number, places: readonly RowPlace[]): void {
  const { kernel, pages, space } = model;
  const { kvHeads, headSize } = model.architecture;
  const { query, key } = space.sizes;
  const offset = pages.layerOffset(layer);
  places.forEach(({ table, position }, row) => {
    const keys = space.wide + (row * (query + 2 * key) + query) * FLOAT;
    kernel.storeKeyValue(keys, keys + key * FLOAT, kvHeads, headSize, table, offset, position);
  });
}

/** Attention of some rows, into the first of `space.attended`; rows that follow one another in a sequence go together. */
function attend(
  model: KernelModel,
  layer: number,
  places: readonly RowPlace[],
  rows: readonly number[],
): void {
  const { kernel, pages, space } = model;
  const { heads, kvHeads, headSize } = model.architecture;
  const { query, key } = space.sizes;
  const queryStride = (query + 2 * key) * FLOAT;
  const follows = (to: number) => {
    const [row, before] = [rows[to] as number, rows[to - 1] as number];
    return row === before + 1 && places[row]?.table === places[before]?.table;
  };
  for (let to = 0; to < rows.length;) {
    const first = rows[to] as number;
    const { table, position } = places[first] as RowPlace;
    let count = 1;
    while (to + count < rows.length && follows(to + count)) count++;
    kernel.attention(
      space.wide + first * queryStride,
      queryStride,
      count,
      heads,
      kvHeads,
      headSize,
      table,
      pages.layerOffset(layer),
      position + 1,
      space.attention,
      space.attended + to * query * FLOAT,
      query * FLOAT,
    );
    to += count;
  }
}

/** The norm of the residual stream into `space.normed`. */
function norm({ architecture, kernel, space, weights }: KernelModel, gain: number, rows: number): void {
  const { hiddenSize, normEpsilon } = architecture;
  const { hidden } = space.sizes;
  kernel.rmsNorm(
    space.residual,
    rows,
    hiddenSize,
    hidden,
    hidden * FLOAT,
    weights + gain,
    normEpsilon,
    space.normed,
  );
}

/** y = x W^T + bias, or y += that; x is `[rows, inputs]` without gaps, y `[rows, outputs]` with rows `stride` bytes apart. */
function multiply(
  { kernel, space, weights }: KernelModel,
  x: Address,
  rows: number,
  matrix: PackedMatrix,
  y: Address,
  accumulate = false,
  stride = matrix.outputs * FLOAT,
): void {
  const { inputs, outputs, scales } = matrix;
  const { levels, levelScales } = space;
  const at = weights + matrix.weights;
  const bias = matrix.bias === undefined ? 0 : weights + matrix.bias;
  kernel.quantiseRows(x, rows, inputs, levels, levelScales);
  if (scales === undefined) {
    kernel.matrix4(levels, levelScales, rows, inputs, at, bias, outputs, y, stride, accumulate);
  } else {
    const scalesAt = weights + scales;
    kernel.matrix8(levels, levelScales, rows, inputs, at, scalesAt, bias, outputs, y, stride, accumulate);
  }
}
