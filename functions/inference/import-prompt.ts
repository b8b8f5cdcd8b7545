import { promptFiles, promptKey, tunedModelName, type TunedPrompt } from "../../shared/contracts/job.ts";
import type { ModelManifest } from "../../shared/contracts/model.ts";
import { parsePeftPrompt, type PeftPrompt } from "../../shared/formats/peft.ts";
import { serializeSafetensors } from "../../shared/formats/safetensors.ts";
import { freeBuffer } from "../../shared/free-buffer.ts";
import { newId } from "../../shared/ids.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import type { Deps } from "../deps.ts";
import { insertPrompt, type PromptRecord } from "../records/prompts.ts";
import { fromStore } from "./verified-object.ts";

/** An adapter as it was uploaded, and what its files do not say. */
export interface PromptUpload {
  readonly organization: string;
  readonly manifest: ModelManifest;
  readonly config: Uint8Array;
  readonly model: Uint8Array;
  readonly suffix: string;
  readonly rowFormat: TunedPrompt["row_format"];
  /** Completions to choose from, as trained; null where the task is no classification. */
  readonly labels: readonly string[] | null;
  /** The task of a multi-task prompt. */
  readonly task: number | undefined;
}

/**
 * Checks an adapter against its base model and registers it as a tuned model. Vectors are stored as a plain float32
 * PROMPT_TUNING adapter, whatever kind they came as; a prefix is stored as it came, and in the order of the KV cache.
 * The upload's weights are freed. Throws what `parsePeftPrompt` throws, and UnavailableError when the bucket cannot be written.
 */
export async function importPrompt(deps: Deps, upload: PromptUpload): Promise<PromptRecord> {
  const { organization, manifest, suffix } = upload;
  const prompt = parsePeftPrompt(upload.config, upload.model, manifest.architecture, upload.task);
  const id = newId("prompt", deps.now());
  const files = storedFiles(upload, prompt);
  const records: TunedPrompt["files"] = {};
  for (const [file, bytes] of Object.entries(files)) {
    await fromStore(() => deps.bucket.put(promptKey(organization, id, file), bytes, { ifAbsent: true }));
    records[file] = { bytes: bytes.length, sha256: await sha256Hex(bytes) };
  }
  const record: PromptRecord = {
    id,
    organization,
    model: tunedModelName(manifest.name, organization, suffix, id),
    baseModel: manifest.name,
    jobId: null,
    datasetId: null,
    createdAt: deps.now(),
    prompt: {
      base_digest: manifest.digest,
      method: prompt.method,
      virtual_tokens: tensorOf(prompt).tokens,
      row_format: upload.rowFormat,
      labels: upload.labels && [...upload.labels],
      files: records,
      evaluation: null,
      // Tuned elsewhere: what it took is not known.
      steps: 0,
      trained_tokens: 0,
      tuning_seconds: 0,
    },
  };
  await deps.database.transaction([insertPrompt(record)]);
  for (const bytes of [upload.model, tensorOf(prompt).data, ...Object.values(files)]) freeBuffer(bytes);
  return record;
}

const tensorOf = (prompt: PeftPrompt) => (prompt.method === "prefix_tuning" ? prompt.kv : prompt.vectors);

function storedFiles(
  { config, model, manifest }: PromptUpload,
  prompt: PeftPrompt,
): Record<string, Uint8Array> {
  const tokens = tensorOf(prompt).tokens;
  if (prompt.method === "prefix_tuning") {
    const { layers, kvHeads, headSize } = manifest.architecture;
    const kv = tensorFile("kv", [layers, 2, kvHeads, tokens, headSize], prompt.kv.data, {
      base_digest: manifest.digest,
    });
    return {
      [promptFiles.adapterConfig]: config,
      [promptFiles.adapterModel]: model,
      [promptFiles.prefix]: kv,
    };
  }
  const shape = [tokens, manifest.architecture.hiddenSize];
  return {
    [promptFiles.adapterConfig]: plainConfig(config),
    [promptFiles.adapterModel]: tensorFile("prompt_embeddings", shape, prompt.vectors.data, { format: "pt" }),
  };
}

function tensorFile(
  name: string,
  shape: readonly number[],
  data: Float32Array,
  metadata: Record<string, string>,
) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return serializeSafetensors(new Map([[name, { type: "F32", shape, bytes }]]), metadata);
}

/** The configuration as that of a plain prompt; what only an encoder or a multi-task prompt needs goes. */
function plainConfig(config: Uint8Array): Uint8Array {
  const settings = JSON.parse(new TextDecoder().decode(config)) as Record<string, unknown>;
  const others = [
    "encoder_",
    "num_tasks",
    "num_ranks",
    "prompt_tuning_init_task",
    "prompt_tuning_init_state_dict",
  ];
  const kept = Object.entries(settings).filter(([name]) => !others.some((begin) => name.startsWith(begin)));
  const plain = { ...Object.fromEntries(kept), peft_type: "PROMPT_TUNING" };
  return new TextEncoder().encode(`${JSON.stringify(plain, null, 2)}\n`);
}
