import { quantiseRow } from "./quantise";
import { FLOAT } from "./vector";

/**
 * Keys and values lie in pages of PAGE tokens, so that sequences share what they have in common; a table holds the address
 * of each page. Within a page, `layerOffset` bytes in, are int16 keys [kvHeads, PAGE, headSize] and values likewise, then
 * what a key's and a value's levels are multiplied with, float32 [kvHeads, PAGE] each.
 */
export const PAGE_BITS: usize = 4;
export const PAGE_MASK: usize = 15;
/** Bytes of a level. */
export const LEVEL: usize = 2;

/** Address of the page that holds a position, a layer into it. */
export function pageAt(table: usize, position: usize, layerOffset: usize): usize {
  return <usize>load<u32>(table + (position >> PAGE_BITS) * 4) + layerOffset;
}

/** Bytes of a page's keys of a layer, or of its values. */
export function levelBytes(kvHeads: usize, headSize: usize): usize {
  return (kvHeads << PAGE_BITS) * headSize * LEVEL;
}

/** The largest level of queries and keys: a product of two heads adds up headSize / 4 products of two in 32 bits. */
export function largestLevel(headSize: usize): f32 {
  return min<f32>(32767, floor<f32>(sqrt<f32>(<f32>8589934592.0 / <f32>headSize)) - 1);
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
  const part = levelBytes(kvHeads, headSize);
  const page = pageAt(table, position, layerOffset);
  const largest = largestLevel(headSize);
  const scaleBytes = (kvHeads << PAGE_BITS) * FLOAT;
  let to = page + within * headSize * LEVEL;
  let scales = page + 2 * part + within * FLOAT;
  for (let h: usize = 0; h < kvHeads; h++) {
    store<f32>(scales, quantiseRow(keys, headSize, largest, to));
    store<f32>(scales + scaleBytes, quantiseRow(values, headSize, 32767, to + part));
    keys += headSize * FLOAT;
    values += headSize * FLOAT;
    to += (headSize << PAGE_BITS) * LEVEL;
    scales += FLOAT << PAGE_BITS;
  }
}
