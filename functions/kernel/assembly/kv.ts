import { eightLevels, largestMagnitude } from "./quantise";
import { FLOAT, sumLanes, VECTOR } from "./vector";

/**
 * Keys and values lie in pages of PAGE tokens, so that sequences share what they have in common; a table holds the address
 * of each page. Within a page, `layerOffset` bytes in, are what attention-product.ts reads as columns, int16: keys
 * [kvHeads, PAGE / 8][headSize / 2][8][2], a column for each position, and values [kvHeads, headSize / 8][PAGE / 2][8][2], a
 * column for each number; then what a key's and a value's levels are multiplied with, float32 [kvHeads, PAGE] each.
 */
export const PAGE_BITS: usize = 4;
const PAGE_MASK: usize = 15;
/** Bytes of a level. */
export const LEVEL: usize = 2;
const CACHE_LINE: usize = 64;
/** Bytes of a pair of levels in one column, and in all eight. */
const PAIR: usize = 4;
const PAIRS: usize = 32;

/**
 * The largest norm, in levels, of a head of a query or a key, so that their product fits into 32 bits even when all is rounded
 * up. Limiting the norm instead of the largest level leaves all of them about a bit more.
 */
const LARGEST_NORM: f32 = 46_300;
/**
 * The largest level of values. What they and the weights sum up to has 32 bits: of these, values round with 15 where one
 * position has nearly all the weight, and weights keep 17 between them where many positions share it.
 */
export const LARGEST_VALUE: i32 = 16383;

/** Address of the page that holds a position, an offset into it. */
export function pageAt(table: usize, position: usize, offset: usize): usize {
  return <usize>load<u32>(table + (position >> PAGE_BITS) * 4) + offset;
}

/** Bytes from the beginning of a layer's part of a page to the keys of a head, to its values, and to the scales of both. */
export function keysAt(kvHead: usize, headSize: usize): usize {
  return (kvHead << PAGE_BITS) * headSize * LEVEL;
}
export function valuesAt(kvHead: usize, kvHeads: usize, headSize: usize): usize {
  return keysAt(kvHeads + kvHead, headSize);
}
export function keyScalesAt(kvHead: usize, kvHeads: usize, headSize: usize): usize {
  return keysAt(2 * kvHeads, headSize) + (kvHead << PAGE_BITS) * FLOAT;
}
export function valueScalesAt(kvHead: usize, kvHeads: usize, headSize: usize): usize {
  return keyScalesAt(kvHeads + kvHead, kvHeads, headSize);
}

/**
 * Reads a bit of each cache line of a layer's first positions, all of them at once as far as the processor can. Since they
 * were last read, all weights have been through the cache: met one after another, the beginnings of heads and pages cost more
 * time than computing does. The result means nothing, and is to be stored somewhere lest engines leave the reading out.
 */
export function fetchPages(
  table: usize,
  layerOffset: usize,
  positions: usize,
  kvHeads: usize,
  headSize: usize,
): u32 {
  let all: u32 = 0;
  const bytes = valueScalesAt(kvHeads, kvHeads, headSize);
  for (let position: usize = 0; position < positions; position += 1 << PAGE_BITS) {
    const page = pageAt(table, position, layerOffset);
    for (let at: usize = 0; at < bytes; at += CACHE_LINE) all |= load<u32>(page + at);
  }
  return all;
}

/** Puts a row of keys and the values at `values`, float32 [kvHeads, headSize] each, into the pages at `position`. */
export function storeKeyValue(
  keys: usize,
  values: usize,
  kvHeads: usize,
  headSize: usize,
  table: usize,
  layerOffset: usize,
  position: usize,
): void {
  const within = position & PAGE_MASK;
  const page = pageAt(table, position, layerOffset);
  const key = page + (within & ~7) * headSize * LEVEL + (within & 7) * PAIR;
  const value = page + (within >> 1) * PAIRS + (within & 1) * LEVEL;
  const scale = page + within * FLOAT;
  for (let h: usize = 0; h < kvHeads; h++) {
    const keyScale = quantiseHead(keys, headSize, key + keysAt(h, headSize), PAIRS);
    store<f32>(scale + keyScalesAt(h, kvHeads, headSize), keyScale);
    const valueScale = quantiseValues(values, headSize, value + valuesAt(h, kvHeads, headSize));
    store<f32>(scale + valueScalesAt(h, kvHeads, headSize), valueScale);
    keys += headSize * FLOAT;
    values += headSize * FLOAT;
  }
}

/** Puts a head of a query or a key on a grid, pairs of levels `stride` bytes apart; returns what they are multiplied with. */
export function quantiseHead(x: usize, headSize: usize, to: usize, stride: usize): f32 {
  const end = x + headSize * FLOAT;
  let squares = f32x4.splat(0);
  for (let at = x; at < end; at += VECTOR) {
    const four = v128.load(at);
    squares = f32x4.add(squares, f32x4.mul(four, four));
  }
  const norm = sqrt<f32>(sumLanes(squares));
  const scale = max<f32>(norm / LARGEST_NORM, largestMagnitude(x, headSize) / 32767);
  const factor = f32x4.splat(<f32>1 / scale);
  for (; x < end; x += 2 * VECTOR) {
    const eight = eightLevels(x, factor);
    v128.store32_lane(to, eight, 0);
    v128.store32_lane(to + stride, eight, 1);
    v128.store32_lane(to + 2 * stride, eight, 2);
    v128.store32_lane(to + 3 * stride, eight, 3);
    to += 4 * stride;
  }
  return scale;
}

/** Puts a head of values on a grid, in every other level; returns what they are multiplied with. */
function quantiseValues(x: usize, headSize: usize, to: usize): f32 {
  const scale = largestMagnitude(x, headSize) / <f32>LARGEST_VALUE;
  const factor = f32x4.splat(<f32>1 / scale);
  for (const end = x + headSize * FLOAT; x < end; x += 2 * VECTOR) {
    const eight = eightLevels(x, factor);
    v128.store16_lane(to, eight, 0);
    v128.store16_lane(to, eight, 1, PAIR);
    v128.store16_lane(to, eight, 2, 2 * PAIR);
    v128.store16_lane(to, eight, 3, 3 * PAIR);
    v128.store16_lane(to, eight, 4, 4 * PAIR);
    v128.store16_lane(to, eight, 5, 5 * PAIR);
    v128.store16_lane(to, eight, 6, 6 * PAIR);
    v128.store16_lane(to, eight, 7, 7 * PAIR);
    to += PAIRS << (PAGE_BITS - 1);
  }
  return scale;
}
