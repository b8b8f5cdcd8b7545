import { exp, FLOAT, maxLane, splat, sumEach, sumLanes, VECTOR } from "./vector";

/**
 * Keys and values lie in pages of PAGE tokens, so that sequences share what they have in common; a table holds the address
 * of each page. Within a page, `layerOffset` bytes in, are keys [kvHeads, PAGE, headSize], then values.
 */
const PAGE_BITS: usize = 4;
const PAGE_MASK: usize = 15;

/** What a softmax sees of positions that are not there. */
const NOTHING: f32 = -1e30;

/** Copies a row of keys and the values at `values`, float32 [kvHeads, headSize] each, into the pages at `position`. */
export function storeKeyValue(
  keys: usize,
  values: usize,
  kvHeads: usize,
  headSize: usize,
  table: usize,
  layerOffset: usize,
  position: usize,
): void {
  const head = headSize * FLOAT;
  const within = (position & PAGE_MASK) * head;
  let to = <usize>load<u32>(table + (position >> PAGE_BITS) * 4) + layerOffset + within;
  const toValues = (kvHeads << PAGE_BITS) * head;
  for (let h: usize = 0; h < kvHeads; h++) {
    memory.copy(to, keys, head);
    memory.copy(to + toValues, values, head);
    keys += head;
    values += head;
    to += head << PAGE_BITS;
  }
}

/**
 * Causal grouped-query attention of the query heads of one position, which sees `visible` positions: y = softmax(q K^T /
 * sqrt(headSize)) V, both float32 [heads, headSize]. `scores` is work space for the positions, float32, rounded up to a page.
 * `headSize` is a multiple of 8.
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
  y: usize,
): void {
  const head = headSize * FLOAT;
  const scale = <f32>1 / sqrt<f32>(<f32>headSize);
  const toValues = (kvHeads << PAGE_BITS) * head;
  const group = heads / kvHeads;
  for (let h: usize = 0; h < heads; h++) {
    const offset = layerOffset + (h / group) * (head << PAGE_BITS);
    const largest = scoreKeys(query, head, scale, table, offset, visible, scores);
    const sum = exponentials(scores, visible, largest);
    let done: usize = 0;
    for (; done + 64 <= head; done += 64) {
      gather16(table, offset + toValues + done, head, visible, scores, 1 / sum, y + done);
    }
    for (; done < head; done += 32) {
      gather8(table, offset + toValues + done, head, visible, scores, 1 / sum, y + done);
    }
    query += head;
    y += head;
  }
}

/** Writes the scaled scores, and NOTHING up to the next four, and returns the largest. */
function scoreKeys(
  query: usize,
  head: usize,
  scale: f32,
  table: usize,
  offset: usize,
  visible: usize,
  scores: usize,
): f32 {
  let position: usize = 0;
  while (position < visible) {
    let key = <usize>load<u32>(table + (position >> PAGE_BITS) * 4) + offset;
    const end = min(visible, position + 16);
    // Sums over lanes are dear: four keys share them. A page holds a multiple of four.
    for (; position < end; position += 4) {
      const sums = sumEach(
        dot(query, key, head),
        dot(query, key + head, head),
        dot(query, key + 2 * head, head),
        dot(query, key + 3 * head, head),
      );
      v128.store(scores + position * FLOAT, f32x4.mul(sums, splat(scale)));
      key += 4 * head;
    }
  }
  for (position = visible; (position & 3) != 0; position++) store<f32>(scores + position * FLOAT, NOTHING);
  let largest = splat(NOTHING);
  for (let at = scores; at < scores + visible * FLOAT; at += VECTOR) {
    largest = f32x4.pmax(largest, v128.load(at));
  }
  return maxLane(largest);
}

/** Products of two heads, as four sums. */
function dot(a: usize, b: usize, head: usize): v128 {
  let even = splat(0),
    odd = splat(0);
  for (let i: usize = 0; i < head; i += 2 * VECTOR) {
    even = f32x4.add(even, f32x4.mul(v128.load(a + i), v128.load(b + i)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(a + i, VECTOR), v128.load(b + i, VECTOR)));
  }
  return f32x4.add(even, odd);
}

/** Replaces scores by e^(score - largest) and returns their sum. */
function exponentials(scores: usize, visible: usize, largest: f32): f32 {
  const shift = splat(largest);
  const end = scores + <usize>visible * FLOAT;
  let sum = splat(0);
  for (let at = scores; at < end; at += VECTOR) {
    const e = exp(f32x4.sub(v128.load(at), shift));
    v128.store(at, e);
    sum = f32x4.add(sum, e);
  }
  return sumLanes(sum);
}

/** 16 numbers of the weighted sum of values. */
function gather16(
  table: usize,
  offset: usize,
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
    let value = <usize>load<u32>(table + (position >> PAGE_BITS) * 4) + offset;
    const end = min(visible, position + 16);
    for (; position < end; position++) {
      const weight = v128.load32_splat(weights + position * FLOAT);
      a = f32x4.add(a, f32x4.mul(weight, v128.load(value)));
      b = f32x4.add(b, f32x4.mul(weight, v128.load(value, 16)));
      c = f32x4.add(c, f32x4.mul(weight, v128.load(value, 32)));
      d = f32x4.add(d, f32x4.mul(weight, v128.load(value, 48)));
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
  offset: usize,
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
    let value = <usize>load<u32>(table + (position >> PAGE_BITS) * 4) + offset;
    const end = min(visible, position + 16);
    for (; position < end; position++) {
      const weight = v128.load32_splat(weights + position * FLOAT);
      a = f32x4.add(a, f32x4.mul(weight, v128.load(value)));
      b = f32x4.add(b, f32x4.mul(weight, v128.load(value, 16)));
      value += head;
    }
  }
  const all = splat(factor);
  v128.store(y, f32x4.mul(a, all));
  v128.store(y, f32x4.mul(b, all), 16);
}
