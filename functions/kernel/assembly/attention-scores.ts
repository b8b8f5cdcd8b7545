import { PAGE_BITS, pageAt } from "./kv";
import { FLOAT, sumEach, VECTOR } from "./vector";

/**
 * Products of four queries, levels `head` bytes apart, with the keys of all visible positions, times the scales of both: a vector for each
 * position. Of an odd number of positions, one more is written.
 */
export function scoreKeys(
  query: usize,
  head: usize,
  scales: v128,
  table: usize,
  keys: usize,
  keyScales: usize,
  visible: usize,
  scores: usize,
): void {
  let position: usize = 0;
  while (position < visible) {
    let key = pageAt(table, position, keys);
    let keyScale = pageAt(table, position, keyScales);
    const end = min(visible, position + (1 << PAGE_BITS));
    for (; position < end; position += 2) {
      scoreTwo(query, head, key, scales, keyScale, scores);
      key += 2 * head;
      keyScale += 2 * FLOAT;
      scores += 2 * VECTOR;
    }
  }
}

/** The products of four queries with two keys. */
function scoreTwo(query: usize, head: usize, key: usize, scales: v128, keyScale: usize, scores: usize): void {
  let a0 = i32x4.splat(0),
    b0 = i32x4.splat(0),
    c0 = i32x4.splat(0),
    d0 = i32x4.splat(0);
  let a1 = i32x4.splat(0),
    b1 = i32x4.splat(0),
    c1 = i32x4.splat(0),
    d1 = i32x4.splat(0);
  let qa = query,
    qb = qa + head,
    qc = qb + head,
    qd = qc + head;
  let next = key + head;
  const end = next;
  while (key < end) {
    const k0 = v128.load(key),
      k1 = v128.load(next);
    let q = v128.load(qa);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(q, k0));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(q, k1));
    q = v128.load(qb);
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(q, k0));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(q, k1));
    q = v128.load(qc);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(q, k0));
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(q, k1));
    q = v128.load(qd);
    d0 = i32x4.add(d0, i32x4.dot_i16x8_s(q, k0));
    d1 = i32x4.add(d1, i32x4.dot_i16x8_s(q, k1));
    key += VECTOR;
    next += VECTOR;
    qa += VECTOR;
    qb += VECTOR;
    qc += VECTOR;
    qd += VECTOR;
  }
  storeScores(a0, b0, c0, d0, scales, keyScale, scores);
  storeScores(a1, b1, c1, d1, scales, keyScale + FLOAT, scores + VECTOR);
}

function storeScores(a: v128, b: v128, c: v128, d: v128, scales: v128, keyScale: usize, to: usize): void {
  const sums = sumEach(
    f32x4.convert_i32x4_s(a),
    f32x4.convert_i32x4_s(b),
    f32x4.convert_i32x4_s(c),
    f32x4.convert_i32x4_s(d),
  );
  v128.store(to, f32x4.mul(sums, f32x4.mul(scales, v128.load32_splat(keyScale))));
}
