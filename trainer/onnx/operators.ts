/** onnxruntime's own operators; everything else is in the standard ONNX domain. */
const CONTRIB_OPERATORS: ReadonlySet<string> = new Set([
  "FusedMatMul",
  "GroupQueryAttention",
  "MatMulIntegerToFloat",
  "MatMulNBits",
  "QuickGelu",
  "RotaryEmbedding",
  "SkipSimplifiedLayerNormalization",
]);

const CONTRIB_DOMAIN = "com.microsoft";

/** Operator set versions that our graphs import: the newest that onnxruntime 1.30 optimises without falling back to function bodies. */
export const opsets: Readonly<Record<string, number>> = { "": 21, [CONTRIB_DOMAIN]: 1 };

/** The domain an operator belongs to; the standard one is the empty string. */
export function domainOf(op: string): string {
  return CONTRIB_OPERATORS.has(op) ? CONTRIB_DOMAIN : "";
}

/** The version of the operator's set in our graphs. */
export function opsetOf(op: string): number {
  return opsets[domainOf(op)] as number;
}
