import { z } from "zod";
import type { Architecture } from "../../../../shared/contracts/model.ts";
import type { ModelSource } from "../../../../trainer/model/model-source.ts";
import { isQuantised, type Weight } from "../../../../trainer/model/quantisation.ts";
import { encodeQ8, Q8_BLOCK } from "./q8.ts";
import { createGgufWriter, type GgufWriter } from "./gguf-writer.ts";

/** Types of tensors, as GGUF numbers them. */
const F32 = 0;
const Q8_0 = 8;
/** Kinds of tokens, as llama.cpp numbers them. */
const NORMAL = 1;
const CONTROL = 3;

const tokenizerSchema = z.object({
  added_tokens: z.array(z.object({ id: z.int() })),
  model: z.object({
    vocab: z.record(z.string(), z.int()),
    merges: z.array(z.tuple([z.string(), z.string()])),
  }),
});

/**
 * A Llama model as llama.cpp reads it: matrices as Q8_0, vectors as float32.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function writeGguf(source: ModelSource): Uint8Array<ArrayBuffer> {
  const { architecture, weights } = source;
  const tensors = [...weights].map(([name, weight]) => {
    const [rows = 1, columns = 1] = weight.shape.length === 2 ? weight.shape : [1, ...weight.shape];
    const values = interleaved(name, floats(weight, columns), columns, architecture);
    const isMatrix = weight.shape.length === 2 && columns % Q8_BLOCK === 0;
    return {
      name: ggufName(name),
      // Fastest first.
      sizes: weight.shape.length === 2 ? [columns, rows] : [columns],
      type: isMatrix ? Q8_0 : F32,
      bytes: isMatrix ? encodeQ8(values) : new Uint8Array(values.buffer),
    };
  });
  const writer = createGgufWriter();
  describeModel(writer, architecture);
  describeTokenizer(writer, source);
  return writer.finish(tensors);
}

function describeModel(writer: GgufWriter, architecture: Architecture): void {
  writer.text("general.architecture", "llama");
  writer.uint("general.quantization_version", 2);
  writer.uint("llama.context_length", architecture.contextLength);
  writer.uint("llama.embedding_length", architecture.hiddenSize);
  writer.uint("llama.block_count", architecture.layers);
  writer.uint("llama.feed_forward_length", architecture.intermediateSize);
  writer.uint("llama.attention.head_count", architecture.heads);
  writer.uint("llama.attention.head_count_kv", architecture.kvHeads);
  writer.uint("llama.rope.dimension_count", architecture.headSize);
  writer.uint("llama.vocab_size", architecture.vocabularySize);
  writer.float("llama.rope.freq_base", architecture.ropeTheta);
  writer.float("llama.attention.layer_norm_rms_epsilon", architecture.normEpsilon);
}

function describeTokenizer(writer: GgufWriter, { tokenizer, specialTokens }: ModelSource): void {
  const { added_tokens: added, model } = tokenizerSchema.parse(JSON.parse(tokenizer));
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  const kinds = tokens.map(() => NORMAL);
  for (const { id } of added) kinds[id] = CONTROL;
  writer.text("tokenizer.ggml.model", "gpt2");
  writer.text("tokenizer.ggml.pre", "gpt-2");
  writer.texts("tokenizer.ggml.tokens", tokens);
  writer.ints("tokenizer.ggml.token_type", kinds);
  writer.texts(
    "tokenizer.ggml.merges",
    model.merges.map((pair) => pair.join(" ")),
  );
  writer.uint("tokenizer.ggml.bos_token_id", specialTokens.beginning ?? 0);
  writer.uint("tokenizer.ggml.eos_token_id", specialTokens.end[0] ?? 0);
}

function floats(weight: Weight, columns: number): Float32Array<ArrayBuffer> {
  if (!isQuantised(weight)) return Float32Array.from(weight.values);
  const { values, scales } = weight;
  return Float32Array.from(values, (value, i) => {
    const row = scales.length === 1 ? 0 : Math.floor(i / columns);
    return value * (scales[row] ?? 0);
  });
}

/**
 * llama.cpp rotates neighbouring pairs of a head where Hugging Face rotates its two halves: rows of the query and key
 * matrices are put in the other order.
 */
function interleaved(
  name: string,
  values: Float32Array<ArrayBuffer>,
  columns: number,
  { headSize }: Architecture,
): Float32Array<ArrayBuffer> {
  if (!/\.[qk]_proj\.weight$/.test(name)) return values;
  const result = new Float32Array(values.length);
  const half = headSize / 2;
  for (let row = 0; row < values.length / columns; row++) {
    const within = row % headSize;
    const to = row - within + 2 * (within % half) + Math.floor(within / half);
    result.set(values.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return result;
}

const layerNames: Readonly<Record<string, string>> = {
  "input_layernorm.weight": "attn_norm.weight",
  "self_attn.q_proj.weight": "attn_q.weight",
  "self_attn.k_proj.weight": "attn_k.weight",
  "self_attn.v_proj.weight": "attn_v.weight",
  "self_attn.o_proj.weight": "attn_output.weight",
  "post_attention_layernorm.weight": "ffn_norm.weight",
  "mlp.gate_proj.weight": "ffn_gate.weight",
  "mlp.up_proj.weight": "ffn_up.weight",
  "mlp.down_proj.weight": "ffn_down.weight",
};
const otherNames: Readonly<Record<string, string>> = {
  "model.embed_tokens.weight": "token_embd.weight",
  "model.norm.weight": "output_norm.weight",
  "lm_head.weight": "output.weight",
};

function ggufName(name: string): string {
  const [, layer, part = ""] = /^model\.layers\.(\d+)\.(.*)$/.exec(name) ?? [];
  return (layer === undefined ? otherNames[name] : `blk.${layer}.${layerNames[part]}`) ?? name;
}
