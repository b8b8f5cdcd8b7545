import { z } from "zod";

const size = z.int().positive();

/** Stretches slow rotations for contexts longer than the model was first trained on, as Llama 3.1 does. */
const ropeScalingSchema = z.strictObject({
  type: z.literal("llama3"),
  factor: z.number().positive(),
  lowFrequencyFactor: z.number().positive(),
  highFrequencyFactor: z.number().positive(),
  /** Tokens of the first training. */
  originalContextLength: size,
});

/** A decoder-only transformer of the Llama family, in the field's own terms. */
export const architectureSchema = z.strictObject({
  family: z.literal("llama"),
  hiddenSize: size,
  layers: size,
  heads: size,
  kvHeads: size,
  headSize: size,
  intermediateSize: size,
  vocabularySize: size,
  /** Tokens, soft prompt included, that one sequence may hold. */
  contextLength: size,
  ropeTheta: z.number().positive(),
  /** None by default. */
  ropeScaling: ropeScalingSchema.optional(),
  normEpsilon: z.number().positive(),
  /** The output projection is the embedding matrix. */
  tiedEmbeddings: z.boolean(),
  /** Query, key and value projections have biases (Qwen2). */
  attentionBias: z.boolean(),
  /** Query and key heads are RMS-normalised before rotation (Qwen3). */
  queryKeyNorm: z.boolean(),
});
export type Architecture = z.infer<typeof architectureSchema>;

const fileSchema = z.strictObject({ bytes: size, sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** `models/<name>/manifest.json`: what a base model is, and which files make it up. */
export const modelManifestSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  architecture: architectureSchema,
  specialTokens: z.strictObject({
    /** Begins every sequence, where the model has such a token. */
    beginning: z.int().nonnegative().nullable(),
    /** Any of these ends a generation. */
    end: z.array(z.int().nonnegative()).min(1),
  }),
  /** sha256 of `weights.safetensors`: what a soft prompt is bound to. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  files: z.record(z.string(), fileSchema),
  source: z.string(),
  license: z.string(),
  createdAt: z.int(),
});
export type ModelManifest = z.infer<typeof modelManifestSchema>;

/** Files of a bundle, under `models/<name>/`. */
export const bundleFiles = {
  manifest: "manifest.json",
  /** Quantised weights, the one source of both graphs. */
  weights: "weights.safetensors",
  /** The edge's decode graph in onnxruntime's own format. */
  decodeGraph: "decode.ort",
  /**
   * The same weights as the decode kernel reads them, in a format each; another layout gets other names, so that no kernel reads what
   * was packed for another. Neither is there where matrices are float32.
   */
  kernelInt8: "kernel-v3.int8",
  kernelInt4: "kernel-v3.int4",
  tokenizer: "tokenizer.json",
  tokenizerConfig: "tokenizer_config.json",
} as const;

/** Bucket key of a base model's file. */
export function modelKey(model: string, file: string): string {
  return `models/${model}/${file}`;
}
