import type { DecodeSession, DecodeStep } from "../../shared/inference/decode-session.ts";
import { EngineUsageError } from "../../shared/inference/errors.ts";
import { computeLogits, runLayers, type KernelModel } from "./forward.ts";
import type { PagedKvCache } from "./kv-pages.ts";
import { ROWS } from "./work-space.ts";

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

/** Drives the kernel for `createEngine`. A step never waits, so steps cannot meet in the work space. */
export function createKernelSession(model: KernelModel): DecodeSession {
  const { arena, pages, space } = model;
  return {
    async run(step) {
      checkIds(step.ids, model.architecture.vocabularySize);
      const past = step.past as PagedKvCache | null;
      const first = past?.tokens ?? 0;
      const count = (step.prompt?.tokens ?? 0) + step.ids.length;
      const cache = pages.extend(past, count);
      arena.words(space.table, cache.pages.length).set(cache.pages);
      for (let begin = 0; begin < count; begin += ROWS) {
        runRows(model, step, first, begin, Math.min(begin + ROWS, count));
      }
      return cache;
    },
    load: async (kv) => pages.load(kv),
    memoryBytes: () => arena.memory.buffer.byteLength,
    // The memory goes when nothing refers to the session any more.
    close() {},
  };
}

/** Positions `[begin, end)` of a step. */
function runRows(model: KernelModel, step: DecodeStep, first: number, begin: number, end: number): void {
  const { vocabularySize } = model.architecture;
  for (let position = begin; position < end; position++) writeInput(model, step, position, position - begin);
  const before = step.rows.filter((row) => row < begin).length;
  const rows = step.rows.filter((row) => row >= begin && row < end).map((row) => row - begin);
  runLayers(model, first + begin, end - begin, rows);
  const logits = step.logits.subarray(before * vocabularySize, (before + rows.length) * vocabularySize);
  if (rows.length > 0) computeLogits(model, rows.length, logits);
}

/** The soft prompt's vector, or the token's embedding, at a position of the step. */
function writeInput(model: KernelModel, { prompt, ids }: DecodeStep, position: number, row: number): void {
  const { kernel, arena, space, weights, layout } = model;
  const { hiddenSize } = model.architecture;
  const to = space.residual + row * space.sizes.hidden * FLOAT;
  const vectors = prompt?.tokens ?? 0;
  if (prompt && position < vectors) {
    const vector = prompt.data.subarray(position * hiddenSize, (position + 1) * hiddenSize);
    arena.floats(to, hiddenSize).set(vector);
  } else {
    const id = ids[position - vectors] as number;
    const { weights: matrix, scales } = layout.embedding;
    kernel.embedding(weights + matrix, weights + scales, id, space.sizes.hidden, to);
  }
}

function checkIds(ids: readonly number[], vocabularySize: number): void {
  const strange = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
  if (strange !== undefined) {
    throw new EngineUsageError(`Found token ${strange}, wanted integers from 0 to ${vocabularySize - 1}`);
  }
}
