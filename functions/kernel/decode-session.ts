import type { DecodeSession, DecodeStep, KvCache } from "../../shared/inference/decode-session.ts";
import { EngineUsageError } from "../../shared/inference/errors.ts";
import type { KvTensor } from "../../shared/ports/inference-engine.ts";
import { computeLogits, runLayers, type KernelModel, type RowPlace } from "./forward.ts";
import type { PagedKvCache } from "./kv-pages.ts";
import { ROWS } from "./work-space.ts";

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

/** A position to compute: a token or a vector `[hidden]` goes in, logits `[vocabulary]` come out where they are wanted. */
interface Row extends RowPlace {
  readonly input: number | Float32Array;
  readonly logits: Float32Array | undefined;
}

/** Drives the kernel for `createEngine`. A step never waits, so steps cannot meet in the work space. */
export function createKernelSession(model: KernelModel): DecodeSession {
  const { arena } = model;
  return {
    run: async (step) => runStep(model, step),
    async runTogether(steps) {
      const results: PromiseSettledResult<KvCache>[] = [];
      for (let begin = 0; begin < steps.length; begin += ROWS) {
        results.push(...runTogether(model, steps.slice(begin, begin + ROWS)));
      }
      return results;
    },
    load: async (kv) => load(model, kv),
    memoryBytes: () => arena.memory.buffer.byteLength,
    // The memory goes when nothing refers to the session any more.
    close() {},
  };
}

function runStep(model: KernelModel, step: DecodeStep): PagedKvCache {
  const first = step.past?.tokens ?? 0;
  const count = (step.prompt?.tokens ?? 0) + step.ids.length;
  const cache = extend(model, step, count);
  const table = writeTable(model, cache, 0);
  for (let begin = 0; begin < count; begin += ROWS) {
    const positions = Array.from({ length: Math.min(ROWS, count - begin) }, (_, i) => begin + i);
    runRows(
      model,
      positions.map((position) => rowOf(model, step, position, { table, position: first + position })),
    );
  }
  return cache;
}

/** At most ROWS steps of one token each. */
function runTogether(model: KernelModel, steps: readonly DecodeStep[]): PromiseSettledResult<KvCache>[] {
  const rows: Row[] = [];
  const results = steps.map((step): PromiseSettledResult<KvCache> => {
    try {
      const cache = extend(model, step, 1);
      const place = { table: writeTable(model, cache, rows.length), position: cache.tokens - 1 };
      rows.push(rowOf(model, step, 0, place));
      return { status: "fulfilled", value: cache };
    } catch (reason) {
      return { status: "rejected", reason };
    }
  });
  if (rows.length > 0) runRows(model, rows);
  return results;
}

function extend(
  { pages, architecture }: KernelModel,
  { past, ids }: DecodeStep,
  tokens: number,
): PagedKvCache {
  checkIds(ids, architecture.vocabularySize);
  return pages.extend(past as PagedKvCache | null, tokens);
}

/** Lists a cache's pages in one of the tables; gives its address. */
function writeTable({ arena, space }: KernelModel, { pages }: PagedKvCache, number: number): number {
  const table = space.tables + number * space.tableBytes;
  arena.words(table, pages.length).set(pages);
  return table;
}

/** What a position of a step, counted from its first, takes in and gives out. */
function rowOf(
  { architecture }: KernelModel,
  { prompt, ids, rows, logits }: DecodeStep,
  position: number,
  place: RowPlace,
): Row {
  const { hiddenSize, vocabularySize } = architecture;
  const vectors = prompt?.tokens ?? 0;
  const wanted = rows.indexOf(position);
  return {
    ...place,
    input:
      prompt && position < vectors
        ? prompt.data.subarray(position * hiddenSize, (position + 1) * hiddenSize)
        : (ids[position - vectors] as number),
    logits: wanted < 0 ? undefined : logits.subarray(wanted * vocabularySize, (wanted + 1) * vocabularySize),
  };
}

function runRows(model: KernelModel, rows: readonly Row[]): void {
  rows.forEach(({ input }, row) => writeInput(model, input, row));
  const kept = [...rows.keys()].filter((row) => rows[row]?.logits);
  runLayers(model, rows, kept);
  const logits = rows.flatMap((row) => row.logits ?? []);
  if (logits.length > 0) computeLogits(model, logits);
}

/** Puts a vector, or a token's embedding, into the residual stream. */
function writeInput(model: KernelModel, input: number | Float32Array, row: number): void {
  const { kernel, arena, space, weights, layout } = model;
  const { hidden } = space.sizes;
  const to = space.residual + row * hidden * FLOAT;
  if (typeof input !== "number") {
    arena.floats(to, input.length).set(input);
    return;
  }
  const { weights: matrix, scales, outputs } = layout.embedding;
  if (scales === undefined) kernel.embedding4(weights + matrix, outputs, input, hidden, to);
  else kernel.embedding8(weights + matrix, weights + scales, input, hidden, to);
}

/** Copies keys and values from outside into pages. Throws KernelMemoryError. */
function load(model: KernelModel, { tokens, data }: KvTensor): PagedKvCache {
  const { kernel, pages, arena, space } = model;
  const { layers, kvHeads, headSize } = model.architecture;
  const cache = pages.extend(null, tokens);
  const table = writeTable(model, cache, 0);
  const [keys, values] = [space.wide, space.wide + kvHeads * headSize * FLOAT];
  for (let layer = 0; layer < layers; layer++) {
    for (let position = 0; position < tokens; position++) {
      // Heads of keys, then of values; of each, this position.
      for (let head = 0; head < 2 * kvHeads; head++) {
        const from = ((2 * layer * kvHeads + head) * tokens + position) * headSize;
        arena.floats(keys + head * headSize * FLOAT, headSize).set(data.subarray(from, from + headSize));
      }
      kernel.storeKeyValue(keys, values, kvHeads, headSize, table, pages.layerOffset(layer), position);
    }
  }
  return cache;
}

function checkIds(ids: readonly number[], vocabularySize: number): void {
  const strange = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
  if (strange !== undefined) {
    throw new EngineUsageError(`Found token ${strange}, wanted integers from 0 to ${vocabularySize - 1}`);
  }
}
