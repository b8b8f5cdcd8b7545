import { scoreKeys } from "./attention-scores";
import { gather } from "./attention-values";
import { LEVEL, largestLevel, levelBytes, PAGE_BITS, pageAt } from "./kv";
import { quantiseRow } from "./quantise";
import { exp, FLOAT, splat, VECTOR } from "./vector";

/** Query heads computed together: one in each lane of a vector of scores. */
const TOGETHER: usize = 4;
/** What a softmax starts from. */
const NOTHING: f32 = -1e30;

/**
 * Causal grouped-query attention of the query heads of one position, which sees `visible` positions of the pages that kv.ts
 * describes: y = softmax(q K^T / sqrt(headSize)) V, q and y float32 [heads, headSize]. Query heads that share a KV head go four
 * together, so that what is loaded serves all of them. `scores` is work space, float32 [positions, 4], positions rounded up to a page;
 * `levels` another, int16 [4, headSize] and float32 [4]. `headSize` is a multiple of 8.
 */
export function attention(
  query: usize,
  heads: usize,
  kvHeads: usize,
  headSize: usize,
  table: usize,
  layerOffset: usize,
  visible: usize,
  scores: usize,
  levels: usize,
  y: usize,
): void {
  const head = headSize * FLOAT;
  const headLevels = headSize * LEVEL;
  const part = levelBytes(kvHeads, headSize);
  const scaleBytes = (kvHeads << PAGE_BITS) * FLOAT;
  const group = heads / kvHeads;
  let keys = layerOffset;
  let keyScales = layerOffset + 2 * part;
  for (let h: usize = 0; h < kvHeads; h++) {
    for (let first: usize = 0; first < group; first += TOGETHER) {
      const rows = min(TOGETHER, group - first);
      const scales = quantiseQueries(query, rows, headSize, levels);
      scoreKeys(levels, headLevels, scales, table, keys, keyScales, visible, scores);
      const sums = weigh(scores, visible, table, keyScales + scaleBytes);
      const factors = f32x4.div(splat(1), sums);
      for (let done: usize = 0; done < headSize; done += 8) {
        const values = keys + part + done * LEVEL;
        gather(table, values, headLevels, visible, scores, factors, rows, y + done * FLOAT, head);
      }
      query += rows * head;
      y += rows * head;
    }
    keys += headLevels << PAGE_BITS;
    keyScales += FLOAT << PAGE_BITS;
  }
}

/** Puts up to four query heads on grids, and returns what their products with keys are multiplied with. */
function quantiseQueries(query: usize, rows: usize, headSize: usize, levels: usize): v128 {
  const scales = levels + TOGETHER * headSize * LEVEL;
  const softmaxScale = <f32>1 / sqrt<f32>(<f32>headSize);
  for (let row: usize = 0; row < rows; row++) {
    const to = levels + row * headSize * LEVEL;
    const scale = quantiseRow(query + row * headSize * FLOAT, headSize, largestLevel(headSize), to);
    store<f32>(scales + row * FLOAT, scale * softmaxScale);
  }
  return v128.load(scales);
}

/** Replaces scores by e^(score - largest) times the values' scales, and returns the sums of the former. */
function weigh(scores: usize, visible: usize, table: usize, valueScales: usize): v128 {
  let largest = splat(NOTHING);
  for (let at = scores; at < scores + visible * VECTOR; at += VECTOR) {
    largest = f32x4.pmax(largest, v128.load(at));
  }
  let sums = splat(0);
  let position: usize = 0;
  while (position < visible) {
    let valueScale = pageAt(table, position, valueScales);
    const end = min(visible, position + (1 << PAGE_BITS));
    for (; position < end; position++) {
      const e = exp(f32x4.sub(v128.load(scores), largest));
      v128.store(scores, f32x4.mul(e, v128.load32_splat(valueScale)));
      sums = f32x4.add(sums, e);
      scores += VECTOR;
      valueScale += FLOAT;
    }
  }
  return sums;
}
