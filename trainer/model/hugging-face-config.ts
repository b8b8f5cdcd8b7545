import { z } from "zod";
import type { Architecture } from "../../shared/contracts/model.ts";
import { InvalidDataError } from "../../shared/errors.ts";

/** Model families that are Llamas in all but name, and what sets each apart where `config.json` does not say. */
const families = {
  llama: { attentionBias: false, queryKeyNorm: false, tiedEmbeddings: false },
  mistral: { attentionBias: false, queryKeyNorm: false, tiedEmbeddings: false },
  minimind: { attentionBias: false, queryKeyNorm: false, tiedEmbeddings: true },
  qwen2: { attentionBias: true, queryKeyNorm: false, tiedEmbeddings: false },
  qwen3: { attentionBias: false, queryKeyNorm: true, tiedEmbeddings: false },
} as const;
type Family = keyof typeof families;

const size = z.int().positive();
const tokenId = z.int().nonnegative();
const endSchema = z.union([tokenId, z.array(tokenId)]).nullish();
const ropeSchema = z.looseObject({
  rope_type: z.string().optional(),
  /** What `rope_type` was called before. */
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: size.optional(),
});
const configSchema = z.looseObject({
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  intermediate_size: size,
  vocab_size: size,
  max_position_embeddings: size,
  rope_theta: z.number().positive().optional(),
  rope_scaling: ropeSchema.nullish(),
  /** Both of the above, as transformers 5 writes them. */
  rope_parameters: ropeSchema.nullish(),
  rms_norm_eps: z.number().positive(),
  hidden_act: z.string().default("silu"),
  tie_word_embeddings: z.boolean().optional(),
  sliding_window: size.nullish(),
  use_sliding_window: z.boolean().optional(),
  bos_token_id: tokenId.nullish(),
  eos_token_id: endSchema,
});
type Config = z.infer<typeof configSchema>;

/** Switches of features that our graphs do not have, and the value with which a model does without. */
const ABSENT_FEATURES = {
  mlp_bias: false,
  rope_interleaved: false,
  partial_rotary_factor: 1,
  use_moe: false,
  quantization_config: undefined,
};

/** `config.json` is not one of a model that we can build. */
export class ModelConfigError extends InvalidDataError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: "unsupported_model", cause });
  }
}

export interface ModelConfig {
  readonly family: Family;
  readonly architecture: Architecture;
  readonly specialTokens: { beginning: number | null; end: number[] };
}

/**
 * Reads a Hugging Face `config.json`, and `generation_config.json` where there is one, for further tokens that end an
 * answer. `contextLength` caps the positions that are served: the KV cache has to fit. So does a sliding window, within
 * which every token sees all before it. Throws ModelConfigError for a family or a feature that our graphs do not have.
 */
export function parseModelConfig(json: string, contextLength: number, generationJson?: string): ModelConfig {
  const whole = parse("config.json", json, z.looseObject({ model_type: z.string() }));
  const family = whole.model_type;
  if (!isFamily(family)) refuse("model_type", family, `one of ${Object.keys(families).join(", ")}`);
  const config = parse("config.json", json, configSchema);
  const { hidden_size: hiddenSize, num_attention_heads: heads } = config;
  const kvHeads = config.num_key_value_heads ?? heads;
  const headSize = config.head_dim ?? hiddenSize / heads;
  if (headSize % 2 !== 0) refuse("head_dim", headSize, "an even number");
  if (heads % kvHeads !== 0) refuse("num_key_value_heads", kvHeads, `a divisor of ${heads}`);
  if (config.hidden_act !== "silu") refuse("hidden_act", config.hidden_act, "silu");
  for (const [feature, wanted] of Object.entries(ABSENT_FEATURES))
    if (whole[feature] != null && whole[feature] !== wanted)
      refuse(feature, whole[feature], wanted ?? "none");
  const { attentionBias, queryKeyNorm, tiedEmbeddings } = families[family];
  // Elsewhere than in Qwen2, it puts a bias on the output projection as well.
  if (!attentionBias && whole["attention_bias"] === true) refuse("attention_bias", true, false);
  const window = config.use_sliding_window === false ? null : config.sliding_window;
  const generation = generationJson === undefined ? undefined : parseGeneration(generationJson);
  const end = [...new Set([config.eos_token_id ?? [], generation ?? []].flat())];
  if (end.length === 0) refuse("eos_token_id", "none", "at least one");
  return {
    family,
    architecture: {
      family: "llama",
      hiddenSize,
      layers: config.num_hidden_layers,
      heads,
      kvHeads,
      headSize,
      intermediateSize: config.intermediate_size,
      vocabularySize: config.vocab_size,
      contextLength: Math.min(contextLength, config.max_position_embeddings, window ?? Infinity),
      ...readRope(config),
      normEpsilon: config.rms_norm_eps,
      tiedEmbeddings: config.tie_word_embeddings ?? tiedEmbeddings,
      attentionBias,
      queryKeyNorm,
    },
    specialTokens: { beginning: config.bos_token_id ?? null, end },
  };
}

function readRope(config: Config): Pick<Architecture, "ropeTheta" | "ropeScaling"> {
  const rope = { ...config.rope_scaling, ...config.rope_parameters };
  const ropeTheta = rope.rope_theta ?? config.rope_theta ?? 10_000;
  const type = rope.rope_type ?? rope.type ?? "default";
  if (type === "default") return { ropeTheta };
  if (type !== "llama3") refuse("rope_scaling of type", type, "default or llama3");
  const { factor, low_freq_factor: low, high_freq_factor: high } = rope;
  const original = rope.original_max_position_embeddings;
  if (!factor || !low || !high || !original || high <= low)
    refuse("rope_scaling", rope, "its factors, and low_freq_factor below high_freq_factor");
  return {
    ropeTheta,
    ropeScaling: {
      type,
      factor,
      lowFrequencyFactor: low,
      highFrequencyFactor: high,
      originalContextLength: original,
    },
  };
}

const isFamily = (name: string): name is Family => Object.hasOwn(families, name);

const parseGeneration = (json: string) =>
  parse("generation_config.json", json, z.looseObject({ eos_token_id: endSchema })).eos_token_id;

function parse<T>(file: string, json: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch (cause) {
    throw new ModelConfigError(`"${file}" does not describe a model`, cause);
  }
}

function refuse(field: string, found: unknown, wanted: unknown): never {
  const text = typeof found === "string" ? found : JSON.stringify(found);
  throw new ModelConfigError(`"config.json" has ${field} "${text}", wanted ${String(wanted)}`);
}
