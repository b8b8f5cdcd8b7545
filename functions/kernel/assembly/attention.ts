import { COLUMNS, multiplyEight } from "./attention-product";
import { interleave, weigh } from "./attention-softmax";
import {
  fetchPages,
  keyScalesAt,
  keysAt,
  LEVEL,
  PAGE_BITS,
  quantiseHead,
  valueScalesAt,
  valuesAt,
} from "./kv";
import { FLOAT, LOG2_E } from "./vector";

/** Queries computed together. */
const TOGETHER: usize = 4;

/**
 * Causal grouped-query attention of `rows` positions that follow one another in the pages that kv.ts describes; the first
 * sees `visible` of them: y = softmax(q K^T / sqrt(headSize)) V, q and y float32 [rows][heads, headSize], rows `queryStride`
 * and `stride` bytes apart. What is loaded of keys and values serves four queries: a head's in four rows, or those of four
 * heads of a row that share a KV head. `space` is work space, float32 [6, positions + headSize] and 8 more, positions
 * rounded up to a page. `headSize` is a multiple of 8.
 */
export function attention(
  query: usize,
  queryStride: usize,
  rows: usize,
  heads: usize,
  kvHeads: usize,
  headSize: usize,
  table: usize,
  layerOffset: usize,
  visible: usize,
  space: usize,
  y: usize,
  stride: usize,
): void {
  const head = headSize * FLOAT;
  const group = heads / kvHeads;
  store<u32>(space, fetchPages(table, layerOffset, visible + rows - 1, kvHeads, headSize));
  while (rows > 0) {
    const together = rows < TOGETHER ? 1 : TOGETHER;
    for (let h: usize = 0; h < heads;) {
      const kvHead = h / group;
      const q = query + h * head;
      const to = y + h * head;
      if (together > 1) {
        attend(
          q,
          queryStride,
          TOGETHER,
          visible,
          1,
          kvHeads,
          kvHead,
          headSize,
          table,
          layerOffset,
          space,
          to,
          stride,
        );
        h++;
      } else {
        const some = min(TOGETHER, (kvHead + 1) * group - h);
        attend(q, head, some, visible, 0, kvHeads, kvHead, headSize, table, layerOffset, space, to, head);
        h += some;
      }
    }
    rows -= together;
    query += together * queryStride;
    y += together * stride;
    visible += together;
  }
}

/** Attention of up to four queries over one KV head. The first sees `visible` positions, each other `step` more than the one before. */
function attend(
  query: usize,
  queryStride: usize,
  queries: usize,
  visible: usize,
  step: usize,
  kvHeads: usize,
  kvHead: usize,
  headSize: usize,
  table: usize,
  layerOffset: usize,
  space: usize,
  y: usize,
  stride: usize,
): void {
  const end = (visible + (queries - 1) * step + COLUMNS - 1) & ~(COLUMNS - 1);
  const row = end * FLOAT;
  const levels = space + TOGETHER * row;
  const factors = levels + max(end, headSize) * TOGETHER * LEVEL;
  const grids = factors + TOGETHER * FLOAT;
  const keys = layerOffset + keysAt(kvHead, headSize);
  const values = layerOffset + valuesAt(kvHead, kvHeads, headSize);
  const keyScales = layerOffset + keyScalesAt(kvHead, kvHeads, headSize);
  const valueScales = layerOffset + valueScalesAt(kvHead, kvHeads, headSize);

  // As powers of two, which are cheaper than those of e.
  const softmaxScale = LOG2_E / sqrt<f32>(<f32>headSize);
  for (let i: usize = 0; i < queries; i++) {
    const scale = quantiseHead(
      query + i * queryStride,
      headSize,
      levels + 2 * LEVEL * i,
      2 * LEVEL * TOGETHER,
    );
    store<f32>(factors + i * FLOAT, scale * softmaxScale);
  }
  for (let position: usize = 0; position < end; position += COLUMNS) {
    const page = table + (position >> PAGE_BITS) * 4;
    const block = keys + (position & COLUMNS) * headSize * LEVEL;
    const to = space + position * FLOAT;
    multiplyEight(levels, headSize / 2, page, block, headSize / 2, factors, queries, to, row);
  }
  for (let i: usize = 0; i < queries; i++) {
    const scores = space + i * row;
    const factor = factors + i * FLOAT;
    const grid = weigh(scores, visible + i * step, end, table, keyScales, valueScales, factor);
    store<f32>(grids + i * FLOAT, grid);
  }
  interleave(space, row, grids, end, levels);
  for (let done: usize = 0; done < headSize; done += COLUMNS) {
    const block = values + (done << PAGE_BITS) * LEVEL;
    multiplyEight(
      levels,
      end / 2,
      table,
      block,
      (1 << PAGE_BITS) / 2,
      factors,
      queries,
      y + done * FLOAT,
      stride,
    );
  }
}
