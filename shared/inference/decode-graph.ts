/**
 * The decode graph's inputs and outputs, for batch 1, by name. Soft-prompt vectors come first, then token ids; either may
 * be empty, not both. `cached` and `total` are what GroupQueryAttention calls seqlens_k and total_sequence_length.
 *
 *     prompt float32 [P, hidden]    ids int64 [S]    rows int64 [R], counted from the first vector; at least one
 *     cached int32 [1, 1] = past + P + S - 1         total int32 [1] = past + P + S
 *     past_key.L, past_value.L float32 [1, kvHeads, past, headSize]
 *     -> logits float32 [R, vocabulary]    present_key.L, present_value.L float32 [1, kvHeads, total, headSize]
 */
export const decodeNames = {
  prompt: "prompt",
  ids: "ids",
  rows: "rows",
  cached: "cached",
  total: "total",
  logits: "logits",
  pastKey: (layer: number) => `past_key.${layer}`,
  pastValue: (layer: number) => `past_value.${layer}`,
  presentKey: (layer: number) => `present_key.${layer}`,
  presentValue: (layer: number) => `present_value.${layer}`,
} as const;

/** The graph's `rows` for the positions that a step asks for: some operators refuse tensors without rows. */
export function graphRows(rows: readonly number[]): readonly number[] {
  return rows.length > 0 ? rows : [0];
}

/** Every input's name: the small ones, then key and value of layer 0, of layer 1 and so on. */
export function decodeInputNames(layers: number): string[] {
  const { prompt, ids, rows, cached, total, pastKey, pastValue } = decodeNames;
  return [
    prompt,
    ids,
    rows,
    cached,
    total,
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
