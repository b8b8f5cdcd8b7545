import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Architecture } from "../../shared/contracts/model.ts";
import { serializeSafetensors, type SafetensorsType, type Tensor } from "../../shared/formats/safetensors.ts";
import { weightShapes } from "../../trainer/model/architecture.ts";
import { byteFallbackTokenizerJson } from "../inference/support/tokenizers.ts";
import { randomWeights } from "./random-weights.ts";

/** A checkpoint as Hugging Face has them, tiny and random, and what it ought to be read as. */
export interface Fixture {
  /** `config.json`, with what makes the family itself. */
  readonly config: Record<string, unknown>;
  /** Further files by name. */
  readonly files?: Record<string, unknown>;
  readonly type: "F32" | "F16" | "BF16";
  /** More than one makes an index. */
  readonly shards: number;
  readonly hasBeginning: boolean;
  readonly architecture: Architecture;
  readonly specialTokens: { beginning: number | null; end: number[] };
}

const shared: Architecture = {
  family: "llama",
  hiddenSize: 32,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  intermediateSize: 48,
  vocabularySize: 272,
  contextLength: 64,
  ropeTheta: 10_000,
  normEpsilon: 1e-6,
  tiedEmbeddings: true,
  attentionBias: false,
  queryKeyNorm: false,
};
const config = {
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 48,
  vocab_size: 272,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-6,
  hidden_act: "silu",
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
};

export const fixtures: Readonly<Record<string, Fixture>> = {
  "llama-3": {
    config: {
      ...config,
      model_type: "llama",
      architectures: ["LlamaForCausalLM"],
      tie_word_embeddings: false,
      rope_theta: 100,
      // Of four frequencies one is kept, one is blended and two are slowed.
      rope_scaling: {
        rope_type: "llama3",
        factor: 8,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 32,
      },
    },
    type: "F32",
    shards: 1,
    hasBeginning: true,
    architecture: {
      ...shared,
      tiedEmbeddings: false,
      ropeTheta: 100,
      ropeScaling: {
        type: "llama3",
        factor: 8,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalContextLength: 32,
      },
    },
    specialTokens: { beginning: 1, end: [2] },
  },
  smollm2: {
    config: { ...config, model_type: "llama", rope_theta: 100_000, rope_interleaved: false },
    type: "BF16",
    shards: 1,
    hasBeginning: false,
    architecture: { ...shared, ropeTheta: 100_000 },
    specialTokens: { beginning: null, end: [2] },
  },
  "Qwen2.5": {
    config: {
      ...config,
      model_type: "qwen2",
      rope_theta: 1e6,
      sliding_window: 16,
      use_sliding_window: false,
    },
    files: { "generation_config.json": { eos_token_id: [2, 0] } },
    type: "BF16",
    shards: 3,
    hasBeginning: false,
    architecture: { ...shared, ropeTheta: 1e6, attentionBias: true },
    specialTokens: { beginning: null, end: [2, 0] },
  },
  qwen3: {
    config: {
      ...config,
      model_type: "qwen3",
      head_dim: 16,
      attention_bias: false,
      // As transformers 5 writes it.
      rope_parameters: { rope_type: "default", rope_theta: 1e6 },
    },
    type: "F16",
    shards: 2,
    hasBeginning: false,
    architecture: { ...shared, headSize: 16, ropeTheta: 1e6, queryKeyNorm: true },
    specialTokens: { beginning: null, end: [2] },
  },
  minimind: {
    config: {
      ...config,
      model_type: "minimind",
      tie_word_embeddings: undefined,
      rope_theta: 1e6,
      use_moe: false,
    },
    type: "F16",
    shards: 1,
    hasBeginning: false,
    architecture: { ...shared, ropeTheta: 1e6 },
    specialTokens: { beginning: 1, end: [2] },
  },
  mistral: {
    config: { ...config, model_type: "mistral", tie_word_embeddings: false, sliding_window: 48 },
    type: "BF16",
    shards: 1,
    hasBeginning: true,
    // Within the window every token sees all before it.
    architecture: { ...shared, tiedEmbeddings: false, contextLength: 48 },
    specialTokens: { beginning: 1, end: [2] },
  },
};

/** Writes a fixture's files into `folder` and gives the values that its tensors hold, rounded as they are stored. */
export async function writeFixture(
  { config: contents, files = {}, type, shards, hasBeginning, architecture }: Fixture,
  folder: string,
): Promise<Map<string, Float32Array>> {
  const stored = [...randomWeights(architecture)].map(
    ([name, { values }]) => [name, encode(values, type)] as const,
  );
  const shapes = weightShapes(architecture);
  const tensors = stored.map(([name, { bytes }]): [string, Tensor] => [
    name,
    { type, shape: shapes.get(name) ?? [], bytes },
  ]);
  await mkdir(folder, { recursive: true });
  const write = (file: string, content: string | Uint8Array | object) =>
    writeFile(
      join(folder, file),
      typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content),
    );
  await write("config.json", contents);
  await write("tokenizer.json", tokenizerJson(hasBeginning));
  await write("tokenizer_config.json", {
    bos_token: { content: "<s>" },
    eos_token: "</s>",
    chat_template: TEMPLATES,
  });
  for (const [file, content] of Object.entries(files)) await write(file, content as object);
  if (shards === 1) {
    await write("model.safetensors", serializeSafetensors(new Map(tensors)));
  } else {
    const fileOf = (shard: number) => `model-0000${shard + 1}-of-0000${shards}.safetensors`;
    for (let shard = 0; shard < shards; shard++) {
      const own = tensors.filter((_, i) => i % shards === shard);
      await write(fileOf(shard), serializeSafetensors(new Map(own)));
    }
    const weight_map = Object.fromEntries(tensors.map(([name], i) => [name, fileOf(i % shards)]));
    await write("model.safetensors.index.json", { metadata: {}, weight_map });
  }
  return new Map(stored.map(([name, { rounded }]) => [name, rounded]));
}

/** Several, as Hugging Face allows. */
const TEMPLATES = [
  { name: "tools", template: "not this one" },
  {
    name: "default",
    template:
      "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}",
  },
];

function tokenizerJson(hasBeginning: boolean): object {
  const tokenizer = JSON.parse(byteFallbackTokenizerJson) as object;
  const post_processor = {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [],
    special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
  };
  return hasBeginning ? { ...tokenizer, post_processor } : tokenizer;
}

function encode(values: Float32Array, type: SafetensorsType): { bytes: Uint8Array; rounded: Float32Array } {
  if (type === "F32") return { bytes: new Uint8Array(values.buffer), rounded: values };
  if (type === "F16") {
    const half = Float16Array.from(values);
    return { bytes: new Uint8Array(half.buffer), rounded: Float32Array.from(half) };
  }
  const bits = new Uint32Array(values.slice().buffer);
  const upper = Uint16Array.from(bits, (word) => word >>> 16);
  const rounded = new Float32Array(Uint32Array.from(upper, (word) => word << 16).buffer);
  return { bytes: new Uint8Array(upper.buffer), rounded };
}
