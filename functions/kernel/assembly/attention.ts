import { largestLevel, LEVEL, levelBytes, PAGE_BITS, pageAt } from "./kv";
import { quantiseRow } from "./quantise";
import { exp, FLOAT, maxLane, splat, sumEach, sumLanes, VECTOR } from "./vector";

/** What a softmax sees of positions that are not there. */
const NOTHING: f32 = -1e30;

/**
 * Causal grouped-query attention of the query heads of one position, which sees `visible` positions of the pages that kv.ts
 * describes: y = softmax(q K^T / sqrt(headSize)) V, q and y float32 [heads, headSize]. `scores` is work space for the positions,
 * float32, rounded up to a page; `levels` for the query's levels, int16 [headSize]. `headSize` is a multiple of 8.
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
  const softmaxScale = <f32>1 / sqrt<f32>(<f32>headSize);
  const largestQuery = largestLevel(headSize);
  const group = heads / kvHeads;
  for (let h: usize = 0; h < heads; h++) {
    const kvHead = h / group;
    const keys = layerOffset + kvHead * (headLevels << PAGE_BITS);
    const keyScales = layerOffset + 2 * part + kvHead * (FLOAT << PAGE_BITS);
    const scale = quantiseRow(query, headSize, largestQuery, levels) * softmaxScale;
    const largest = scoreKeys(levels, headLevels, scale, table, keys, keyScales, visible, scores);
    const sum = weigh(scores, visible, largest, table, keyScales + scaleBytes);
    const values = keys + part;
    let done: usize = 0;
    for (; done + 16 <= headSize; done += 16) {
      gather16(table, values + done * LEVEL, headLevels, visible, scores, 1 / sum, y + done * FLOAT);
    }
    if (done < headSize) {
      gather8(table, values + done * LEVEL, headLevels, visible, scores, 1 / sum, y + done * FLOAT);
    }
    query += head;
    y += head;
  }
}

/** Writes the scores, and NOTHING up to the next four, and returns the largest. */
function scoreKeys(
  query: usize,
  head: usize,
  scale: f32,
  table: usize,
  keys: usize,
  keyScales: usize,
  visible: usize,
  scores: usize,
): f32 {
  let position: usize = 0;
  while (position < visible) {
    let key = pageAt(table, position, keys);
    let scaleAt = pageAt(table, position, keyScales);
    const end = min(visible, position + (1 << PAGE_BITS));
    // Sums over lanes are dear: four keys share them. A page holds a multiple of four.
    for (; position < end; position += 4) {
      const sums = sumEach(
        dot(query, key, head),
        dot(query, key + head, head),
        dot(query, key + 2 * head, head),
        dot(query, key + 3 * head, head),
      );
      v128.store(scores + position * FLOAT, f32x4.mul(sums, f32x4.mul(splat(scale), v128.load(scaleAt))));
      key += 4 * head;
      scaleAt += VECTOR;
    }
  }
  for (position = visible; (position & 3) != 0; position++) store<f32>(scores + position * FLOAT, NOTHING);
  let largest = splat(NOTHING);
  for (let at = scores; at < scores + visible * FLOAT; at += VECTOR) {
    largest = f32x4.pmax(largest, v128.load(at));
  }
  return maxLane(largest);
}

/** Products of two heads' levels, as four sums in float32. */
function dot(a: usize, b: usize, head: usize): v128 {
  let sums = i32x4.splat(0);
  for (let i: usize = 0; i < head; i += VECTOR) {
    sums = i32x4.add(sums, i32x4.dot_i16x8_s(v128.load(a + i), v128.load(b + i)));
  }
  return f32x4.convert_i32x4_s(sums);
}

/** Replaces scores by e^(score - largest) times the values' scales, and returns the sum of the former. */
function weigh(scores: usize, visible: usize, largest: f32, table: usize, valueScales: usize): f32 {
  const shift = splat(largest);
  let sum = splat(0);
  let position: usize = 0;
  while (position < visible) {
    let scaleAt = pageAt(table, position, valueScales);
    const end = min(visible, position + (1 << PAGE_BITS));
    for (; position < end; position += 4) {
      const at = scores + position * FLOAT;
      const e = exp(f32x4.sub(v128.load(at), shift));
      v128.store(at, f32x4.mul(e, v128.load(scaleAt)));
      sum = f32x4.add(sum, e);
      scaleAt += VECTOR;
    }
  }
  return sumLanes(sum);
}

/** 16 numbers of the weighted sum of values. */
function gather16(
  table: usize,
  values: usize,
  head: usize,
  visible: usize,
  weights: usize,
  factor: f32,
  y: usize,
): void {
  let a = splat(0),
    b = splat(0),
    c = splat(0),
    d = splat(0);
  let position: usize = 0;
  while (position < visible) {
    let value = pageAt(table, position, values);
    const end = min(visible, position + (1 << PAGE_BITS));
    for (; position < end; position++) {
      const weight = v128.load32_splat(weights + position * FLOAT);
      a = f32x4.add(a, f32x4.mul(weight, four(value)));
      b = f32x4.add(b, f32x4.mul(weight, four(value + 8)));
      c = f32x4.add(c, f32x4.mul(weight, four(value + 16)));
      d = f32x4.add(d, f32x4.mul(weight, four(value + 24)));
      value += head;
    }
  }
  const all = splat(factor);
  v128.store(y, f32x4.mul(a, all));
  v128.store(y, f32x4.mul(b, all), 16);
  v128.store(y, f32x4.mul(c, all), 32);
  v128.store(y, f32x4.mul(d, all), 48);
}

/** As gather16, for what is left of a head. */
function gather8(
  table: usize,
  values: usize,
  head: usize,
  visible: usize,
  weights: usize,
  factor: f32,
  y: usize,
): void {
  let a = splat(0),
    b = splat(0);
  let position: usize = 0;
  while (position < visible) {
    let value = pageAt(table, position, values);
    const end = min(visible, position + (1 << PAGE_BITS));
    for (; position < end; position++) {
      const weight = v128.load32_splat(weights + position * FLOAT);
      a = f32x4.add(a, f32x4.mul(weight, four(value)));
      b = f32x4.add(b, f32x4.mul(weight, four(value + 8)));
      value += head;
    }
  }
  const all = splat(factor);
  v128.store(y, f32x4.mul(a, all));
  v128.store(y, f32x4.mul(b, all), 16);
}

/** Four levels as float32. */
function four(levels: usize): v128 {
  return f32x4.convert_i32x4_s(v128.load16x4_s(levels));
}
