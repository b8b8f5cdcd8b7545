import {
  promptFiles,
  promptKey,
  type Evaluation,
  type LeasedJob,
  type TunedPrompt,
} from "../shared/contracts/job.ts";
import type { ModelManifest } from "../shared/contracts/model.ts";
import { serializeSafetensors } from "../shared/formats/safetensors.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import { sha256Hex } from "../shared/sha256.ts";

/** What tuning brought. */
export interface SoftPrompt {
  readonly virtualTokens: number;
  /** `[virtual tokens, hidden]` */
  readonly vectors: Float32Array;
  /** `[layers, 2, kvHeads, virtual tokens, headSize]` */
  readonly prefix: Float32Array;
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
  const { layers, kvHeads, headSize, hiddenSize } = manifest.architecture;
  const json = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  const tensor = (name: string, shape: number[], data: Float32Array, metadata: Record<string, string>) =>
    serializeSafetensors(
      new Map([
        [name, { type: "F32", shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }],
      ]),
      metadata,
    );
  const { virtualTokens: tokens } = prompt;
  const files: Record<string, Uint8Array> = {
    [promptFiles.adapterConfig]: json(adapterConfig(manifest, prompt)),
    [promptFiles.adapterModel]: tensor("prompt_embeddings", [tokens, hiddenSize], prompt.vectors, {
      format: "pt",
    }),
    [promptFiles.prefix]: tensor("kv", [layers, 2, kvHeads, tokens, headSize], prompt.prefix, {
      base_digest: manifest.digest,
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

/** Hugging Face PEFT's `adapter_config.json` for prompt tuning. */
function adapterConfig({ name, architecture }: ModelManifest, { virtualTokens, initialText }: SoftPrompt) {
  return {
    peft_type: "PROMPT_TUNING",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: name,
    revision: null,
    inference_mode: true,
    num_virtual_tokens: virtualTokens,
    token_dim: architecture.hiddenSize,
    num_transformer_submodules: 1,
    num_attention_heads: architecture.heads,
    num_layers: architecture.layers,
    prompt_tuning_init: initialText === undefined ? "SAMPLE_VOCAB" : "TEXT",
    prompt_tuning_init_text: initialText ?? null,
    tokenizer_name_or_path: name,
  };
}
