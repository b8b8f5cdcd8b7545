import { expect, it } from "vitest";
import { ModelConfigError, parseModelConfig } from "../../trainer/model/hugging-face-config.ts";

const llama = {
  model_type: "llama",
  hidden_size: 576,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  intermediate_size: 1536,
  vocab_size: 49152,
  max_position_embeddings: 8192,
  rms_norm_eps: 1e-5,
  rope_theta: 100000,
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: [0, 2],
};
const parse = (changes: Record<string, unknown> = {}) =>
  parseModelConfig(JSON.stringify({ ...llama, ...changes }), 1024);

it("reads a Llama", () => {
  expect(parse()).toEqual({
    family: "llama",
    architecture: {
      family: "llama",
      hiddenSize: 576,
      layers: 30,
      heads: 9,
      kvHeads: 3,
      headSize: 64,
      intermediateSize: 1536,
      vocabularySize: 49152,
      contextLength: 1024,
      ropeTheta: 100000,
      normEpsilon: 1e-5,
      tiedEmbeddings: true,
      attentionBias: false,
      queryKeyNorm: false,
    },
    specialTokens: { beginning: 0, end: [0, 2] },
  });
});

it("knows what sets Qwen apart, and fills in what is left out", () => {
  expect(parse({ model_type: "qwen2" }).architecture).toMatchObject({
    attentionBias: true,
    queryKeyNorm: false,
  });
  const qwen3 = parse({
    model_type: "qwen3",
    head_dim: 128,
    attention_bias: false,
    num_key_value_heads: undefined,
  });
  expect(qwen3.architecture).toMatchObject({
    attentionBias: false,
    queryKeyNorm: true,
    headSize: 128,
    kvHeads: 9,
  });
  expect(parse({ max_position_embeddings: 512 }).architecture.contextLength).toBe(512);
  expect(parse({ sliding_window: 512 }).architecture.contextLength).toBe(512);
  expect(parse({ sliding_window: 512, use_sliding_window: false }).architecture.contextLength).toBe(1024);
  expect(parse({ bos_token_id: null, eos_token_id: 7 }).specialTokens).toEqual({ beginning: null, end: [7] });
});

it.each([
  ['model_type "gpt2"', { model_type: "gpt2" }],
  ['hidden_act "gelu"', { hidden_act: "gelu" }],
  ['rope_scaling of type "yarn"', { rope_scaling: { type: "yarn" } }],
  ['rope_scaling "{"rope_type":"llama3","factor":8}"', { rope_scaling: { rope_type: "llama3", factor: 8 } }],
  ['mlp_bias "true"', { mlp_bias: true }],
  // Not the same as Qwen2's: the output projection would have one, too.
  ['attention_bias "true"', { attention_bias: true }],
  ['use_moe "true"', { use_moe: true }],
  ['quantization_config "{"bits":4}"', { quantization_config: { bits: 4 } }],
  ['head_dim "15"', { head_dim: 15 }],
  ['num_key_value_heads "2"', { num_key_value_heads: 2 }],
  ['eos_token_id "none"', { eos_token_id: null }],
  ["does not describe a model", { hidden_size: -1 }],
])("refuses what the graphs do not have: %s", (message, changes) => {
  expect(() => parse(changes)).toThrow(ModelConfigError);
  expect(() => parse(changes)).toThrow(message);
});

it("refuses what is not JSON", () => {
  expect(() => parseModelConfig("{", 1024)).toThrow(ModelConfigError);
});
