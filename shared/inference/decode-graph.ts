/**
 * The decode graph's inputs and outputs, for batch 1, by name. Soft-prompt vectors come first, then token ids; either may
 * be empty, not both.
 *
 *     prompt float32 [P, hidden]    ids int64 [S]    rows int64 [R], counted from the first vector; at least one
 *     position int64 [1] = past     mask float32 [P + S, past + P + S], added to the scores; see `causalMask`
 *     past_key.L, past_value.L float32 [1, kvHeads, past, headSize], keys rotated
 *     -> logits float32 [R, vocabulary]    present_key.L, present_value.L float32 [1, kvHeads, past + P + S, headSize]
 */
export const decodeNames = {
  prompt: "prompt",
  ids: "ids",
  rows: "rows",
  position: "position",
  mask: "mask",
  logits: "logits",
  pastKey: (layer: number) => `past_key.${layer}`,
  pastValue: (layer: number) => `past_value.${layer}`,
  presentKey: (layer: number) => `present_key.${layer}`,
  presentValue: (layer: number) => `present_value.${layer}`,
} as const;

/** Added to the score of a position that must not be seen. */
const MASKED = -1e9;

/** The mask `[rows, past + rows]` under which each new row sees what came before, and itself. */
export function causalMask(past: number, rows: number): Float32Array {
  const width = past + rows;
  const mask = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) mask.fill(MASKED, row * width + past + row + 1, (row + 1) * width);
  return mask;
}

/** The graph's `rows` for the positions that a step asks for: some operators refuse tensors without rows. */
export function graphRows(rows: readonly number[]): readonly number[] {
  return rows.length > 0 ? rows : [0];
}

/** Every input's name: the small ones, then key and value of layer 0, of layer 1 and so on. */
export function decodeInputNames(layers: number): string[] {
  const { prompt, ids, rows, position, mask, pastKey, pastValue } = decodeNames;
  return [
    prompt,
    ids,
    rows,
    position,
    mask,
    ...perLayer(layers, (layer) => [pastKey(layer), pastValue(layer)]),
  ];
}

/** Every output's name: the logits, then key and value of layer 0, of layer 1 and so on. */
export function decodeOutputNames(layers: number): string[] {
  const { logits, presentKey, presentValue } = decodeNames;
  return [logits, ...perLayer(layers, (layer) => [presentKey(layer), presentValue(layer)])];
}

function perLayer(layers: number, names: (layer: number) => string[]): string[] {
  return Array.from({ length: layers }, (_, layer) => names(layer)).flat();
}
