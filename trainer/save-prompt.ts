import {
  promptFiles,
  promptKey,
  type Evaluation,
  type LeasedJob,
  type Placement,
  type TunedPrompt,
  type TuningMethod,
} from "../shared/contracts/job.ts";
import type { ModelManifest } from "../shared/contracts/model.ts";
import { serializeSafetensors } from "../shared/formats/safetensors.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import { sha256Hex } from "../shared/sha256.ts";

/** What tuning brought. */
export interface SoftPrompt {
  readonly method: TuningMethod;
  readonly placement: Placement;
  /** Vectors trained, `[tokens, hidden]`, for methods that train such. */
  readonly vectors: Float32Array | null;
  /** `[layers, 2, kvHeads, prefixTokens, headSize]`; behind the first token, that token's included. */
  readonly prefix: Float32Array;
  readonly prefixTokens: number;
  readonly initialText: string | undefined;
  readonly evaluation: Evaluation | null;
}

/** Uploads a soft prompt as PEFT files, as a KV prefix, and with its evaluation. Gives size and digest of each file. */
export async function savePrompt(
  store: ObjectStore,
  job: LeasedJob,
  manifest: ModelManifest,
  prompt: SoftPrompt,
): Promise<TunedPrompt["files"]> {
  const { layers, kvHeads, headSize } = manifest.architecture;
  const json = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  const tensor = (name: string, shape: number[], data: Float32Array, metadata: Record<string, string>) =>
    serializeSafetensors(
      new Map([
        [name, { type: "F32", shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }],
      ]),
      metadata,
    );
  const { data, shape } = adapterTensor(manifest, prompt);
  const files: Record<string, Uint8Array> = {
    [promptFiles.adapterConfig]: json(adapterConfig(manifest, prompt, shape[0] as number)),
    [promptFiles.adapterModel]: tensor("prompt_embeddings", shape, data, { format: "pt" }),
    [promptFiles.prefix]: tensor("kv", [layers, 2, kvHeads, prompt.prefixTokens, headSize], prompt.prefix, {
      base_digest: manifest.digest,
      placement: prompt.placement,
    }),
    ...(prompt.evaluation ? { [promptFiles.evaluation]: json(prompt.evaluation) } : {}),
  };
  const records: TunedPrompt["files"] = {};
  for (const [file, bytes] of Object.entries(files)) {
    await store.put(promptKey(job.organization, job.prompt_id, file), bytes);
    records[file] = { bytes: bytes.length, sha256: await sha256Hex(bytes) };
  }
  return records;
}

/**
 * PEFT's `prompt_embeddings`: the vectors, or for prefix tuning `[tokens, 2 * layers * kvHeads * headSize]`, keys as the
 * cache holds them (`get_prompt` in peft/peft_model.py views it as `(tokens, 2 * layers, kvHeads, headSize)`).
 */
function adapterTensor({ architecture }: ModelManifest, { vectors, prefix, prefixTokens }: SoftPrompt) {
  const { layers, kvHeads, headSize, hiddenSize } = architecture;
  if (vectors) return { data: vectors, shape: [vectors.length / hiddenSize, hiddenSize] };
  const heads = 2 * layers * kvHeads;
  const data = new Float32Array(prefix.length);
  for (let head = 0; head < heads; head++) {
    for (let token = 0; token < prefixTokens; token++) {
      const from = (head * prefixTokens + token) * headSize;
      data.set(prefix.subarray(from, from + headSize), (token * heads + head) * headSize);
    }
  }
  return { data, shape: [prefixTokens, heads * headSize] };
}

const PEFT_TYPES = {
  prompt_tuning: "PROMPT_TUNING",
  // PEFT keeps a P-tuning encoder's output, which is a plain prompt.
  p_tuning: "PROMPT_TUNING",
  prefix_tuning: "PREFIX_TUNING",
} as const;

/** Hugging Face PEFT's `adapter_config.json`. */
function adapterConfig(
  { name, architecture }: ModelManifest,
  { method, placement, initialText }: SoftPrompt,
  tokens: number,
) {
  const { hiddenSize, heads, layers, kvHeads, headSize } = architecture;
  const isPrefix = method === "prefix_tuning";
  return {
    peft_type: PEFT_TYPES[method],
    task_type: "CAUSAL_LM",
    base_model_name_or_path: name,
    revision: null,
    inference_mode: true,
    num_virtual_tokens: tokens,
    token_dim: isPrefix ? kvHeads * headSize : hiddenSize,
    num_transformer_submodules: 1,
    num_attention_heads: isPrefix ? kvHeads : heads,
    num_layers: layers,
    ...(isPrefix
      ? { encoder_hidden_size: hiddenSize, prefix_projection: false }
      : {
          prompt_tuning_init: initialText === undefined ? "SAMPLE_VOCAB" : "TEXT",
          prompt_tuning_init_text: initialText ?? null,
          tokenizer_name_or_path: name,
        }),
    // Not PEFT's: behind the first token, the prompt is not what PEFT would take it for.
    ...(placement === "after_first" ? { foreword_placement: placement } : {}),
  };
}
