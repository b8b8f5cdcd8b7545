import type { Architecture } from "../contracts/model.ts";

/**
 * Angle in radians by which each pair of a head's elements turns from one position to the next, `[headSize / 2]`.
 * Sources: RoFormer, arXiv 2104.09864, equation 15; the scaling is that of Llama 3.1 (`_compute_llama3_parameters` in
 * transformers' modeling_rope_utils.py).
 */
export function rotaryFrequencies(architecture: Architecture): readonly number[] {
  // Asked for with every token.
  const frequencies = known.get(architecture) ?? compute(architecture);
  known.set(architecture, frequencies);
  return frequencies;
}

const known = new WeakMap<Architecture, readonly number[]>();

function compute({ headSize, ropeTheta, ropeScaling }: Architecture): number[] {
  const half = headSize / 2;
  const frequencies = Array.from({ length: half }, (_, pair) => ropeTheta ** (-pair / half));
  if (!ropeScaling) return frequencies;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength } = ropeScaling;
  return frequencies.map((frequency) => {
    const turns = (originalContextLength * frequency) / (2 * Math.PI);
    // Kept where the first context saw many turns, slowed where it saw few, and blended between.
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return frequency * (kept + (1 - kept) / factor);
  });
}
