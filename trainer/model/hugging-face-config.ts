import { z } from "zod";
import type { Architecture } from "../../shared/contracts/model.ts";
import { InvalidDataError } from "../../shared/errors.ts";

/** Model families that are Llamas in all but name, and what sets each apart where `config.json` does not say. */
const families: Readonly<Record<string, { attentionBias: boolean; queryKeyNorm: boolean }>> = {
  llama: { attentionBias: false, queryKeyNorm: false },
  mistral: { attentionBias: false, queryKeyNorm: false },
  minimind: { attentionBias: false, queryKeyNorm: false },
  qwen2: { attentionBias: true, queryKeyNorm: false },
  qwen3: { attentionBias: false, queryKeyNorm: true },
};

const size = z.int().positive();
const tokenId = z.int().nonnegative();
const configSchema = z.looseObject({
  model_type: z.string(),
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.optional(),
  head_dim: size.nullish(),
  intermediate_size: size,
  vocab_size: size,
  max_position_embeddings: size,
  rope_theta: z.number().positive().default(10_000),
  rope_scaling: z.unknown().optional(),
  rms_norm_eps: z.number().positive(),
  hidden_act: z.string().default("silu"),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().optional(),
  mlp_bias: z.boolean().default(false),
  sliding_window: size.nullish(),
  use_sliding_window: z.boolean().optional(),
  bos_token_id: tokenId.nullish(),
  eos_token_id: z.union([tokenId, z.array(tokenId).min(1)]),
});

/** `config.json` is not one of a model that we can build. */
export class ModelConfigError extends InvalidDataError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: "unsupported_model", cause });
  }
}

export interface ModelConfig {
  readonly architecture: Architecture;
  readonly specialTokens: { beginning: number | null; end: number[] };
}

/**
 * Reads a Hugging Face `config.json`. `contextLength` caps the positions that are served: the KV cache has to fit. Throws
 * ModelConfigError for a family or a feature that our graphs do not have.
 */
export function parseModelConfig(json: string, contextLength: number): ModelConfig {
  const config = parse(json);
  const family = families[config.model_type];
  if (!family) refuse("model_type", config.model_type, Object.keys(families).join(", "));
  if (config.hidden_act !== "silu") refuse("hidden_act", config.hidden_act, "silu");
  if (config.rope_scaling != null) refuse("rope_scaling", JSON.stringify(config.rope_scaling), "none");
  if (config.mlp_bias) refuse("mlp_bias", "true", "false");
  const window = config.use_sliding_window === false ? null : config.sliding_window;
  if (window != null && window < contextLength) refuse("sliding_window", window, `at least ${contextLength}`);
  const heads = config.num_attention_heads;
  return {
    architecture: {
      family: "llama",
      hiddenSize: config.hidden_size,
      layers: config.num_hidden_layers,
      heads,
      kvHeads: config.num_key_value_heads ?? heads,
      headSize: config.head_dim ?? config.hidden_size / heads,
      intermediateSize: config.intermediate_size,
      vocabularySize: config.vocab_size,
      contextLength: Math.min(contextLength, config.max_position_embeddings),
      ropeTheta: config.rope_theta,
      normEpsilon: config.rms_norm_eps,
      tiedEmbeddings: config.tie_word_embeddings,
      attentionBias: config.attention_bias ?? family.attentionBias,
      queryKeyNorm: family.queryKeyNorm,
    },
    specialTokens: { beginning: config.bos_token_id ?? null, end: [config.eos_token_id].flat() },
  };
}

function parse(json: string): z.infer<typeof configSchema> {
  try {
    return configSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw new ModelConfigError('"config.json" does not describe a model', cause);
  }
}

function refuse(field: string, found: string | number, wanted: string): never {
  throw new ModelConfigError(`"config.json" has ${field} "${found}", wanted ${wanted}`);
}
