/** Options of `wrangler deploy` that leave onnxruntime out: its module is replaced where choose-engine.ts imports it. */
export const withoutOnnxruntime: readonly string[] = [
  "--alias",
  "../inference/engine.ts:./functions/inference/without-onnxruntime.ts",
];
