import { shuffled, type Random } from "../../shared/random.ts";

/** Lengths are rounded up to a multiple of this: few different shapes to build graphs for, little padding. */
export const LENGTH_STEP = 16;

/** The padded length of a sequence, in tokens. */
export function paddedLength(length: number): number {
  return Math.ceil(length / LENGTH_STEP) * LENGTH_STEP;
}

/**
 * One epoch's batches as indices of rows. Rows of like length come together, so that little is padded; every row comes
 * once, and all batches but the last are full. The order is random.
 */
export function epochBatches(lengths: readonly number[], batchSize: number, random: Random): number[][] {
  const order = shuffled([...lengths.keys()], random);
  // A stable sort keeps the shuffled order among rows of the same padded length.
  order.sort((a, b) => paddedLength(lengths[a] as number) - paddedLength(lengths[b] as number));
  const batches: number[][] = [];
  for (let i = 0; i < order.length; i += batchSize) batches.push(order.slice(i, i + batchSize));
  return shuffled(batches, random);
}
